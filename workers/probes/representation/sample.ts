import type { Matrix } from '../../../src/experiment/matrix.ts'

/** What is known of a set of inputs and what an encoder made of them. All arrays are row-major. */
export interface Sample {
  readonly rows: number // n
  readonly representation: Float32Array // [n][k]
  readonly latents?: ArrayLike<number> // [n][f]
  readonly labels?: ArrayLike<number> // [n], 0 … classes − 1
  readonly x?: ArrayLike<number> // [n][d]
}

/** Linear maps are fitted on `train` and judged on `test`: no sample may be in both, or in the training of the encoder. */
export interface Samples {
  readonly train: Sample
  readonly test: Sample
  /** Features of x: column i is q_i, [d][d]. */
  readonly directions?: Matrix
  /** The variance of the noise through which `latents` looks; `noiseFloor(x)` where it is left out. */
  readonly floor?: number
}

/** k, f or d: how many numbers a row has. @throws RangeError where they do not fill the rows */
export function widthOf(values: ArrayLike<number>, rows: number): number {
  const width = values.length / rows
  if (!Number.isInteger(width)) throw new RangeError(`${values.length} numbers do not fill ${rows} rows.`)
  return width
}

const FLOOR = 1e-3 // of the mean variance of a coordinate of x

/**
 * The strength of the ridge of `latents`: a thousandth of the mean variance of the coordinates of x, or 10⁻³ where x is not known.
 *
 * @param x [n][d]
 */
export function noiseFloor(x: ArrayLike<number> | undefined, rows: number): number {
  if (x === undefined) return FLOOR
  const d = widthOf(x, rows)
  let total = 0
  for (let j = 0; j < d; j++) {
    let [sum, squares] = [0, 0]
    for (let at = j; at < x.length; at += d) sum += x[at]!
    const mean = sum / rows
    for (let at = j; at < x.length; at += d) squares += (x[at]! - mean) ** 2
    total += squares / rows
  }
  return (FLOOR * total) / d
}
