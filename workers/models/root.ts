/**
 * The n-th root of x > 0, by halving the interval in which sⁿ crosses x. Powers are products, so that the bits are
 * the same on every version of V8, whose Math.pow has changed: a run's start must not depend on it.
 */
export function root(x: number, n: number): number {
  let [low, high] = [0, Math.max(1, x)]
  for (;;) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) return low
    if (power(middle, n) <= x) low = middle
    else high = middle
  }
}

/** xⁿ for a whole n ≥ 0 as a product from left to right. */
export function power(x: number, n: number): number {
  let result = 1
  for (let i = 0; i < n; i++) result *= x
  return result
}
