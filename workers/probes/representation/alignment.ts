import type { Matrix } from '../../../src/experiment/matrix.ts'
import { product } from './product.ts'
import type { Readings } from './readings.ts'
import type { Sample } from './sample.ts'

const MOST = 32 // directions

/**
 * How much of x along each generalised eigenvector q of (Σyx, Σxx) is in the representation: R² of q'x on the test samples, by the
 * ridge of `latents`. The q'x are uncorrelated, so no direction stands in for another. Of many directions the first 32, which are
 * those of the largest ρ.
 */
export function alignmentOf(readings: Readings): number[] {
  const { train, test, directions } = readings.samples
  return readings.explained(along(train, directions!), along(test, directions!), readings.floor)
}

/** The latest for each x: held-out samples and directions are the same in every look. */
const known = new WeakMap<object, { readonly directions: Matrix; readonly found: Float64Array }>()

function along({ x, rows }: Sample, directions: Matrix): Float64Array {
  const before = known.get(x!)
  if (before?.directions === directions) return before.found
  const found = coordinates(x!, rows, directions)
  known.set(x!, { directions, found })
  return found
}

/** q'x for the first directions, [rows][directions]. */
function coordinates(x: ArrayLike<number>, rows: number, { rows: d, cols, data: Q }: Matrix): Float64Array {
  const count = Math.min(cols, MOST)
  const first = new Float64Array(d * count)
  for (let j = 0; j < d; j++) first.set(Q.subarray(j * cols, j * cols + count), j * count)
  return product({ rows, cols: d, data: Float64Array.from(x) }, { rows: d, cols: count, data: first }).data
}
