import { ExperimentError } from '../experiment/failure.ts'
import {
  areLinear,
  type Matrix,
  type NamedTensors,
  type RunWeights,
  type Weights,
} from '../experiment/matrix.ts'

/**
 * Safetensors files of float64 and float32 tensors: eight bytes with the length of a JSON header, the header, then the
 * tensors, little-endian and row-major, those of float64 first so that all are aligned. Texts about them stand in `__metadata__` of the header.
 * Format: https://github.com/huggingface/safetensors#format
 */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number> // row-major, as many as the shape's product; a Float32Array is kept as float32
}

/** What a file holds: its texts and, read one at a time, its tensors. */
export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly names: readonly string[]
  /** Its numbers in memory of their own. @throws ARTIFACT_DAMAGED where it is not there or not of so many dimensions */
  tensor(name: string, dimensions: number): { shape: readonly number[]; data: Float64Array<ArrayBuffer> }
  /** The same for a tensor of float32 and of any number of dimensions. @throws ARTIFACT_DAMAGED */
  float32(name: string): { shape: readonly number[]; data: Float32Array<ArrayBuffer> }
}

interface TensorInfo {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const MAX_HEADER = 100_000_000 // bytes, the format's own limit

/** The bytes of a file of tensors, in the order given. A plain throw where a shape does not hold its numbers, or float64 follows float32. */
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
    const isFloat32 = data instanceof Float32Array
    const end = size + (isFloat32 ? 4 : 8) * data.length
    if (!isFloat32 && size % 8 !== 0)
      throw new RangeError(`Tensor ${name} of float64 follows one of float32.`)
    infos[name] = { dtype: isFloat32 ? 'F32' : 'F64', shape, data_offsets: [size, end] }
    size = end
  }
  const text = JSON.stringify(infos)
  const length = Buffer.byteLength(text)
  const start = 8 + Math.ceil(length / 8) * 8 // keeps the data aligned
  const bytes = Buffer.from(new ArrayBuffer(start + size))
  bytes.writeBigUInt64LE(BigInt(start - 8))
  bytes.write(text, 8)
  bytes.fill(' ', 8 + length, start)
  let at = start
  for (const [, { data }] of tensors) {
    const kind = data instanceof Float32Array ? Float32Array : Float64Array
    new kind(bytes.buffer, at, data.length).set(data)
    at += kind.BYTES_PER_ELEMENT * data.length
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
  const bytesOf = (
    key: string,
    wanted: { dtype: string; width: number; what: string; dimensions?: number },
  ) => {
    const { dtype, shape, data_offsets: [from, to] = [0, 0] } = infos[key] ?? {}
    if (dtype === undefined || shape === undefined) throw damaged(`it has no tensor ${key}`)
    const count = shape.reduce((product, n) => product * n, 1)
    const fits = shape.length === (wanted.dimensions ?? shape.length) && to - from === count * wanted.width
    if (dtype !== wanted.dtype || !fits || to > body.length) {
      throw damaged(`tensor ${key} is not a whole ${wanted.what}`)
    }
    return { shape, count, bytes: body.subarray(from, to) }
  }
  return {
    metadata: metadata as unknown as Record<string, string>,
    names: Object.keys(infos),
    tensor: (key, dimensions) => {
      const what = `float64 ${dimensions === 2 ? 'matrix' : 'list'}`
      const found = bytesOf(key, { dtype: 'F64', width: 8, what, dimensions })
      const data = new Float64Array(found.count)
      new Uint8Array(data.buffer).set(found.bytes)
      return { shape: found.shape, data }
    },
    float32: (key) => {
      const found = bytesOf(key, { dtype: 'F32', width: 4, what: 'float32 tensor' })
      const data = new Float32Array(found.count)
      new Uint8Array(data.buffer).set(found.bytes)
      return { shape: found.shape, data }
    },
  }
}

/** A text of the file's metadata tells the two kinds of weights apart; those of a deep linear model go without. */
const NAMED = { weights: 'tensors' }

export function weightTexts(weights: RunWeights): Readonly<Record<string, string>> {
  return areLinear(weights) ? {} : NAMED
}

/**
 * The tensors of an encoder and its decoder: layers.0 (W¹) … layers.L-1 (Wᴸ), decoder (V); a net's by their names.
 *
 * @param prefix of a net's names, where other tensors lie beside them
 */
export function weightTensors(weights: RunWeights, prefix = ''): (readonly [string, Tensor])[] {
  if (!areLinear(weights)) {
    return Object.entries(weights).map(([name, { shape, data }]) => [prefix + name, { shape, data }])
  }
  const { layers, decoder } = weights
  const named = [...layers.map((layer, a) => [`layers.${a}`, layer] as const), ['decoder', decoder] as const]
  return named.map(([name, { rows, cols, data }]) => [name, { shape: [rows, cols], data }])
}

/** The weights among a file's tensors. @throws ARTIFACT_DAMAGED */
export function weightsIn(file: TensorFile, prefix = ''): RunWeights {
  if (file.metadata.weights !== NAMED.weights) return linearWeightsIn(file)
  const names = file.names.filter((name) => name.startsWith(prefix))
  const tensors: [string, NamedTensors[string]][] = names.map((name) => [
    name.slice(prefix.length),
    file.float32(name),
  ])
  return Object.fromEntries(tensors)
}

function linearWeightsIn(file: TensorFile): Weights {
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

/** The bytes of a safetensors file with the weights: layers and decoder in float64, or a net's tensors in float32. */
export function writeSafetensors(weights: RunWeights): Uint8Array {
  return writeTensors(weightTensors(weights), { format: 'jepalab', ...weightTexts(weights) })
}

/** Reads what `writeSafetensors` wrote. @throws ARTIFACT_DAMAGED where the header, a shape or a range is not as it must be */
export function readSafetensors(bytes: Uint8Array): RunWeights {
  return weightsIn(readTensors(bytes, 'weights.safetensors'))
}

function parseHeader(bytes: Uint8Array, damaged: (why: string) => Error): Record<string, TensorInfo> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw Object.assign(damaged('its header is not JSON'), { cause })
  }
}
