import type { Matrix } from '../../../src/experiment/matrix.ts'

/** Least, middle and largest variance of the k coordinates; of an even number the mean of the two in the middle. */
export function varianceRange({ rows: k, data }: Matrix): [minimum: number, median: number, maximum: number] {
  const variances = Float64Array.from({ length: k }, (_, i) => data[i * (k + 1)]!).sort()
  const half = k >> 1
  const median = k % 2 === 1 ? variances[half]! : (variances[half - 1]! + variances[half]!) / 2
  return [variances[0]!, median, variances[k - 1]!]
}

/**
 * √Σ_j Var(u_j) of the unit vectors u = h/|h|: 1 where they point anywhere, so that their mean is 0, and 0 where all are the same,
 * or where all h are 0. Times 1/√k it is the root mean square of SimSiam's standard deviation per coordinate (Chen and He, 2021,
 * arXiv 2011.10566).
 *
 * @param representation [rows][k]
 */
export function spreadOf(representation: ArrayLike<number>, rows: number, k: number): number {
  const means = new Float64Array(k)
  let present = 0 // rows other than 0
  for (let r = 0; r < rows; r++) {
    let squares = 0
    for (let i = 0; i < k; i++) squares += representation[r * k + i]! ** 2
    if (squares === 0) continue
    present += 1
    const length = Math.sqrt(squares)
    for (let i = 0; i < k; i++) means[i] = means[i]! + representation[r * k + i]! / length
  }
  // Σ_j Var(u_j) = E|u|² − |E u|², and |u| is 1 or 0.
  const squared = means.reduce((sum, mean) => sum + (mean / rows) ** 2, 0)
  return Math.sqrt(Math.max(0, present / rows - squared))
}
