import { zipSync } from 'fflate'
import type { TrajectoryView } from '../experiment/result-view.ts'

/** An array for NumPy: row-major (C order) float64 or int64, any number of dimensions. */
export interface NumpyArray {
  readonly shape: readonly number[]
  readonly data: Float64Array | BigInt64Array
}

/**
 * The trajectory for numpy.load: time, step, loss [points], index [features], measured and predicted
 * [features][points]; probe_<name> [values][points] of a net. NaN where there is no number.
 */
export function trajectoryNpz(trajectory: TrajectoryView): Uint8Array {
  const { time, step, loss, features, probes = {} } = trajectory
  const series = (rows: readonly (readonly (number | null)[])[]): NumpyArray => ({
    shape: [rows.length, time.length],
    data: Float64Array.from(rows.flat(), (value) => value ?? Number.NaN),
  })
  return writeNpz({
    time: { shape: [time.length], data: Float64Array.from(time) },
    step: { shape: [step.length], data: Float64Array.from(step) },
    loss: { shape: [loss.length], data: Float64Array.from(loss, (value) => value ?? Number.NaN) },
    index: { shape: [features.length], data: BigInt64Array.from(features, ({ index }) => BigInt(index)) },
    measured: series(features.map(({ measured }) => measured)),
    predicted: series(features.map(({ predicted }) => predicted)),
    ...Object.fromEntries(
      Object.entries(probes).map(([name, { values }]) => [`probe_${name}`, series(values)]),
    ),
  })
}

/** A stored (uncompressed) zip of npy files, as numpy.savez writes it; the same arrays give the same bytes. */
function writeNpz(arrays: Readonly<Record<string, NumpyArray>>): Uint8Array {
  const files = Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)]),
  )
  // Zip stores local time without a zone: a date made of local fields is the same everywhere.
  return zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) })
}

/**
 * One npy file, format 1.0: magic, version, length of the header, a Python dict padded with spaces so
 * that the data start at a multiple of 64, the data.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function writeNpy({ shape, data }: NumpyArray): Uint8Array {
  if (shape.reduce((product, n) => product * n, 1) !== data.length) {
    throw new RangeError(`Shape [${shape}] does not hold ${data.length} numbers.`)
  }
  const dtype = data instanceof Float64Array ? '<f8' : '<i8'
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dict = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64
  const bytes = new Uint8Array(start + data.byteLength)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]) // \x93NUMPY, 1.0
  new DataView(bytes.buffer).setUint16(8, start - 10, true)
  bytes.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start)
  return bytes
}
