/** Whole powers and their sums, as the clocks of modes need them millions of times. */

/** xⁿ for a small whole n ≥ 0, in a third of the time of `**`. */
export function wholePower(x: number, n: number): number {
  let product = 1
  for (let k = 0; k < n; k++) product *= x
  return product
}

/** S = Σ_{k=0}^{L} v^k = (1 − v^(L+1))/(1 − v). */
export function powerSum(v: number, depth: number): number {
  let sum = 1
  for (let k = 1; k <= depth; k++) sum = 1 + v * sum
  return sum
}

/** v S'/S of that sum: between 0 and L, its limit where the sum leaves float64. */
export function sumSlope(v: number, depth: number): number {
  let [sum, slope] = [1, 0]
  for (let k = 1; k <= depth; k++) {
    slope = slope * v + sum
    sum = sum * v + 1
  }
  const product = v * slope
  return Number.isFinite(product) ? product / sum : depth
}
