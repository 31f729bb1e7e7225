import { createHash } from 'node:crypto'
import type { Weights } from '../experiment/matrix.ts'
import type { Measurements } from '../experiment/measurement.ts'

/**
 * SHA-256 (hex) over the trajectory and the final weights: what two runs of one experiment must share.
 *
 * Every number is eight bytes of float64, little-endian; each list is preceded by its length, so that no
 * two different results give the same bytes. Every number that is not finite counts as one and the same
 * NaN and −0 as 0, because JSON, in which measurements are stored, keeps no more than that.
 *
 * Order: time, step, loss, number of features, then per feature its amplitudes and the time and amplitude
 * of its passages; number of layers, then per matrix (W¹ … Wᴸ, V) rows, columns and entries by row.
 */
export function fingerprintOf(measurements: Measurements, weights: Weights): string {
  const hash = createHash('sha256')
  const add = (values: ArrayLike<number>) => {
    hash.update(canonicalBytes([values.length]))
    hash.update(canonicalBytes(values))
  }
  for (const series of [measurements.time, measurements.step, measurements.loss]) add(series)
  add([measurements.amplitudes.length])
  for (const [i, amplitudes] of measurements.amplitudes.entries()) {
    const passages = measurements.passages[i]
    add(amplitudes)
    add(passages?.time ?? [])
    add(passages?.amplitude ?? [])
  }
  add([weights.layers.length])
  for (const matrix of [...weights.layers, weights.decoder]) {
    add([matrix.rows, matrix.cols])
    add(matrix.data)
  }
  return hash.digest('hex')
}

function canonicalBytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    view.setFloat64(i * 8, Number.isFinite(value) ? value + 0 : Number.NaN, true)
  }
  return new Uint8Array(view.buffer)
}
