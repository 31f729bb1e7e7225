import type { Matrix } from '../../../src/experiment/matrix.ts'
import type { Readings } from './readings.ts'

const MOST = 32 // directions

/**
 * How much of x along each generalised eigenvector q of (Σyx, Σxx) is in the representation: R² of q'x on the test samples, by the
 * ridge of `latents`. The q'x are uncorrelated, so no direction stands in for another. Of many directions the first 32, which are
 * those of the largest ρ.
 */
export function alignmentOf(readings: Readings): number[] {
  const { train, test, directions } = readings.samples
  const along = (x: ArrayLike<number>, rows: number) => coordinates(x, rows, directions!)
  return readings.explained(along(train.x!, train.rows), along(test.x!, test.rows), readings.floor)
}

/** q'x for the first directions, [rows][directions]. */
function coordinates(x: ArrayLike<number>, rows: number, { rows: d, cols, data: Q }: Matrix): Float64Array {
  const count = Math.min(cols, MOST)
  const out = new Float64Array(rows * count)
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < d; j++) {
      const value = x[r * d + j]!
      if (value === 0) continue
      for (let i = 0; i < count; i++) out[r * count + i] = out[r * count + i]! + value * Q[j * cols + i]!
    }
  }
  return out
}
