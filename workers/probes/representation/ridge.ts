import { type Matrix, zeros } from '../../../src/experiment/matrix.ts'
import { lessMeans } from './moments.ts'
import { product } from './product.ts'

/**
 * Linear regression of targets t on a representation h with a ridge, in closed form: the B and b that minimise
 *
 *   (1/n) Σ |t − B'h − b|² + α |B|²      B = (Σhh + αI)⁻¹ Σht,  b = t̄ − B'h̄
 *
 * over the training samples. B is that of h + noise of variance α in every coordinate and unlimited samples of the noise.
 *
 * @param factor of Σhh + αI
 * @param cross Σht [k][f]
 * @returns B [k][f]
 */
export function ridge(factor: Float64Array, cross: Matrix): Matrix {
  const [k, f] = [cross.rows, cross.cols]
  const solution = zeros(k, f)
  solution.data.set(cross.data)
  const B = solution.data
  for (let i = 0; i < k; i++) {
    for (let m = 0; m < i; m++) subtractRow(B, f, i, m, factor[i * k + m]!)
    divideRow(B, f, i, factor[i * k + i]!)
  }
  for (let i = k - 1; i >= 0; i--) {
    for (let m = i + 1; m < k; m++) subtractRow(B, f, i, m, factor[m * k + i]!)
    divideRow(B, f, i, factor[i * k + i]!)
  }
  return solution
}

function subtractRow(B: Float64Array, f: number, i: number, m: number, factor: number): void {
  if (factor === 0) return
  for (let c = 0; c < f; c++) B[i * f + c] = B[i * f + c]! - factor * B[m * f + c]!
}

function divideRow(B: Float64Array, f: number, i: number, pivot: number): void {
  for (let c = 0; c < f; c++) B[i * f + c] = pivot === 0 ? 0 : B[i * f + c]! / pivot
}

const NO_VARIANCE = 1e-13 // of the largest diagonal entry: rounding

/**
 * G of Σ + αI = G G', lower triangular by row, [k][k]; α is 0 or more. A coordinate that those before it leave no variance gets an empty column and
 * with it no weight, so that a representation that stands still predicts the mean.
 */
export function factorised({ rows: k, data }: Matrix, strength: number): Float64Array {
  const G = new Float64Array(k * k)
  let largest = 0
  for (let i = 0; i < k; i++) largest = Math.max(largest, data[i * (k + 1)]! + strength)
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = data[i * k + j]! + (i === j ? strength : 0)
      for (let m = 0; m < j; m++) sum -= G[i * k + m]! * G[j * k + m]!
      if (i === j) G[i * k + i] = sum > NO_VARIANCE * largest ? Math.sqrt(sum) : 0
      else G[i * k + j] = G[j * k + j] === 0 ? 0 : sum / G[j * k + j]!
    }
  }
  return G
}

/** B'(h − h̄) for every row, [rows][f]: t − t̄ as the regression has it. */
export function fitted(
  representation: ArrayLike<number>, // [rows][k]
  rows: number,
  means: Float64Array, // h̄ [k]
  map: Matrix, // B [k][f]
): Float64Array {
  return product(lessMeans(representation, rows, means), map).data
}

/**
 * R² of each target on these samples, 1 − Σ(t − t̂)² / Σ(t − mean t)²: 1 for all of it, 0 for no better than the mean, below for
 * worse; NaN for a target that does not vary.
 *
 * @param found t̂ less `means` [rows][f]
 * @param means of the targets of the training samples [f]
 */
export function explained(
  targets: ArrayLike<number>, // [rows][f]
  rows: number,
  found: Float64Array,
  means: Float64Array,
): number[] {
  const f = means.length
  return Array.from({ length: f }, (_, c) => {
    let mean = 0
    for (let r = 0; r < rows; r++) mean += targets[r * f + c]! / rows
    let [missed, all] = [0, 0]
    for (let r = 0; r < rows; r++) {
      const target = targets[r * f + c]!
      missed += (target - means[c]! - found[r * f + c]!) ** 2
      all += (target - mean) ** 2
    }
    return all === 0 ? Number.NaN : 1 - missed / all
  })
}
