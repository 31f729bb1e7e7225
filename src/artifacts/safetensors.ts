import { ExperimentError } from '../experiment/failure.ts'
import type { Matrix, Weights } from '../experiment/matrix.ts'

/**
 * Safetensors files of float64 tensors: eight bytes with the length of a JSON header, the header, then the
 * tensors as little-endian float64, row-major. Texts about them stand in `__metadata__` of the header.
 * Format: https://github.com/huggingface/safetensors#format
 */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number> // row-major, as many as the shape's product
}

/** What a file holds: its texts and, read one at a time, its tensors. */
export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly names: readonly string[]
  /** Its numbers in memory of their own. @throws ARTIFACT_DAMAGED where it is not there or not of so many dimensions */
  tensor(name: string, dimensions: number): { shape: readonly number[]; data: Float64Array<ArrayBuffer> }
}

interface TensorInfo {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const MAX_HEADER = 100_000_000 // bytes, the format's own limit

/** The bytes of a file of tensors, in the order given. A plain throw where a shape does not hold its numbers. */
export function writeTensors(
  tensors: readonly (readonly [name: string, tensor: Tensor])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const infos: Record<string, TensorInfo | Readonly<Record<string, string>>> = { __metadata__: metadata }
  let size = 0
  for (const [name, { shape, data }] of tensors) {
    if (shape.reduce((product, n) => product * n, 1) !== data.length) {
      throw new RangeError(`Shape [${shape}] of ${name} does not hold ${data.length} numbers.`)
    }
    infos[name] = { dtype: 'F64', shape, data_offsets: [size, size + 8 * data.length] }
    size += 8 * data.length
  }
  const text = JSON.stringify(infos)
  const length = Buffer.byteLength(text)
  const start = 8 + Math.ceil(length / 8) * 8 // keeps the data aligned
  const bytes = Buffer.from(new ArrayBuffer(start + size))
  bytes.writeBigUInt64LE(BigInt(start - 8))
  bytes.write(text, 8)
  bytes.fill(' ', 8 + length, start)
  const numbers = new Float64Array(bytes.buffer, start)
  let at = 0
  for (const [, { data }] of tensors) {
    numbers.set(data, at)
    at += data.length
  }
  return new Uint8Array(bytes.buffer)
}

/**
 * Opens what `writeTensors` wrote.
 *
 * @param name of the file, for the error
 * @throws ARTIFACT_DAMAGED where the header is not as it must be
 */
export function readTensors(bytes: Uint8Array, name: string): TensorFile {
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  if (bytes.length < 8) throw damaged(`it has ${bytes.length} bytes`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  if (length > MAX_HEADER || 8 + length > bytes.length) throw damaged(`its header claims ${length} bytes`)
  const { __metadata__: metadata = {}, ...infos } = parseHeader(bytes.subarray(8, 8 + length), damaged)
  const body = bytes.subarray(8 + length)
  return {
    metadata: metadata as unknown as Record<string, string>,
    names: Object.keys(infos),
    tensor: (key, dimensions) => {
      const { dtype, shape, data_offsets: [from, to] = [0, 0] } = infos[key] ?? {}
      if (dtype === undefined || shape === undefined) throw damaged(`it has no tensor ${key}`)
      const count = shape.reduce((product, n) => product * n, 1)
      if (dtype !== 'F64' || shape.length !== dimensions || to - from !== count * 8 || to > body.length) {
        throw damaged(`tensor ${key} is not a whole float64 ${dimensions === 2 ? 'matrix' : 'list'}`)
      }
      const data = new Float64Array(count)
      new Uint8Array(data.buffer).set(body.subarray(from, to))
      return { shape, data }
    },
  }
}

/** The tensors of an encoder and its decoder: layers.0 (W¹) … layers.L-1 (Wᴸ), decoder (V). */
export function weightTensors({ layers, decoder }: Weights): (readonly [string, Tensor])[] {
  const named = [...layers.map((layer, a) => [`layers.${a}`, layer] as const), ['decoder', decoder] as const]
  return named.map(([name, { rows, cols, data }]) => [name, { shape: [rows, cols], data }])
}

/** The weights among a file's tensors. @throws ARTIFACT_DAMAGED */
export function weightsIn(file: TensorFile): Weights {
  const matrix = (name: string): Matrix => {
    const { shape, data } = file.tensor(name, 2)
    return { rows: shape[0]!, cols: shape[1]!, data }
  }
  const depth = file.names.filter((name) => name.startsWith('layers.')).length
  return {
    layers: Array.from({ length: depth }, (_, a) => matrix(`layers.${a}`)),
    decoder: matrix('decoder'),
  }
}

/** The bytes of a safetensors file with the encoder's layers and the decoder. */
export function writeSafetensors(weights: Weights): Uint8Array {
  return writeTensors(weightTensors(weights), { format: 'jepalab' })
}

/** Reads what `writeSafetensors` wrote. @throws ARTIFACT_DAMAGED where the header, a shape or a range is not as it must be */
export function readSafetensors(bytes: Uint8Array): Weights {
  return weightsIn(readTensors(bytes, 'weights.safetensors'))
}

function parseHeader(bytes: Uint8Array, damaged: (why: string) => Error): Record<string, TensorInfo> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw Object.assign(damaged('its header is not JSON'), { cause })
  }
}
