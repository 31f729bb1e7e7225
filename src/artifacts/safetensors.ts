import { ExperimentError } from '../experiment/failure.ts'
import type { Matrix, Weights } from '../experiment/matrix.ts'

/**
 * Weights as a safetensors file: eight bytes with the length of a JSON header, the header, then the
 * tensors as little-endian float64, row-major. Names: layers.0 (W¹) … layers.L-1 (Wᴸ), decoder (V).
 * Format: https://github.com/huggingface/safetensors#format
 */
interface TensorInfo {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const MAX_HEADER = 1_000_000 // bytes; nine small entries need under a thousand

/** The bytes of a safetensors file with the encoder's layers and the decoder. */
export function writeSafetensors(weights: Weights): Uint8Array {
  const tensors: [string, Matrix][] = weights.layers.map((layer, a) => [`layers.${a}`, layer])
  tensors.push(['decoder', weights.decoder])
  const infos: Record<string, TensorInfo | Record<string, string>> = { __metadata__: { format: 'jepalab' } }
  let size = 0
  for (const [name, { rows, cols, data }] of tensors) {
    infos[name] = { dtype: 'F64', shape: [rows, cols], data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const text = JSON.stringify(infos)
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8)) // keeps the data aligned
  const bytes = new Uint8Array(8 + header.length + size)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true)
  bytes.set(header, 8)
  let at = 8 + header.length
  for (const [, { data }] of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/**
 * Reads what `writeSafetensors` wrote.
 *
 * @param name of the file, for the error
 * @throws ARTIFACT_DAMAGED where the header, a shape or a range is not as it must be
 */
export function readSafetensors(bytes: Uint8Array, name = 'weights.safetensors'): Weights {
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  if (bytes.length < 8) throw damaged(`it has ${bytes.length} bytes`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  if (length > MAX_HEADER || 8 + length > bytes.length) throw damaged(`its header claims ${length} bytes`)
  const infos = parseHeader(bytes.subarray(8, 8 + length), damaged)
  const body = Uint8Array.from(bytes.subarray(8 + length)) // owns aligned memory, also where bytes are a Buffer
  const tensor = (key: string): Matrix => {
    const info = infos[key]
    if (info === undefined) throw damaged(`it has no tensor ${key}`)
    const [rows, cols] = info.shape as [number, number]
    const [from, to] = info.data_offsets
    if (
      info.dtype !== 'F64' ||
      info.shape.length !== 2 ||
      to - from !== rows * cols * 8 ||
      to > body.length
    ) {
      throw damaged(`tensor ${key} is not a whole float64 matrix`)
    }
    return { rows, cols, data: new Float64Array(body.slice(from, to).buffer) }
  }
  const depth = Object.keys(infos).filter((key) => key.startsWith('layers.')).length
  return {
    layers: Array.from({ length: depth }, (_, a) => tensor(`layers.${a}`)),
    decoder: tensor('decoder'),
  }
}

function parseHeader(bytes: Uint8Array, damaged: (why: string) => Error): Record<string, TensorInfo> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw Object.assign(damaged('its header is not JSON'), { cause })
  }
}
