import { type Matrix, zeros } from '../experiment/matrix.ts'
import { multiply, symmetricEigen, transpose } from './linear-algebra.ts'
import { fillNormals } from './normal.ts'
import { fillUniforms } from './philox.ts'

/**
 * The pieces that samplers are made of. Batches are row-major [rows][cols]; row r holds the draws
 * r·cols … r·cols + cols − 1 of (seed, stream, step), so a row is the same in a batch of any size.
 */

/** Where a batch's draws come from. */
export interface BatchKey {
  readonly seed: number
  readonly step: number
  readonly rows: number
}

/** Standard normals, [rows][cols]; column j times scale[j] where a scale is given. */
export function normalBatch(
  at: BatchKey,
  stream: number,
  cols: number,
  scale?: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(at.rows * cols)
  fillNormals(out, { seed: at.seed, stream, step: at.step })
  if (scale) for (let i = 0; i < out.length; i++) out[i] = out[i]! * scale[i % cols]!
  return out
}

/** Zeros and ones, [rows][cols]: column j is 1 with probability keep[j]. */
export function maskBatch(at: BatchKey, stream: number, keep: ArrayLike<number>): Float64Array {
  const out = uniformBatch(at, stream, keep.length)
  for (let i = 0; i < out.length; i++) out[i] = out[i]! < keep[i % keep.length]! ? 1 : 0
  return out
}

/** Uniforms in (0, 1), [rows][cols]. */
export function uniformBatch(at: BatchKey, stream: number, cols: number): Float64Array {
  const out = new Float64Array(at.rows * cols)
  fillUniforms(out, { seed: at.seed, stream, step: at.step })
  return out
}

/** a + b, entry by entry. */
export function added(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((x, i) => x + b[i]!)
}

/** a · b, entry by entry. */
export function masked(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((x, i) => x * b[i]!)
}

/** Turns each row z of a batch into F z for a factor F [k][n]: [rows][n] → [rows][k]. */
export function applyFactor(factor: Matrix): (batch: Float64Array) => Float64Array {
  const back = transpose(factor)
  return (data) => multiply({ rows: data.length / factor.cols, cols: factor.cols, data }, back).data
}

/** F with F F' = S for a covariance S, singular or not; negative eigenvalues (rounding) count as 0. */
export function factorOf(S: Matrix): Matrix {
  const { values, vectors } = symmetricEigen(S)
  const out = zeros(S.rows, S.cols)
  for (let at = 0; at < out.data.length; at++) {
    out.data[at] = vectors.data[at]! * Math.sqrt(Math.max(0, values[at % S.cols]!))
  }
  return out
}
