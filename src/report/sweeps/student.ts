import type { Mean } from '../../experiment/sweep-view.ts'

/**
 * Means with intervals from Student's t. With θ = atan(t/√ν) and n = ν degrees of freedom, the probability of |T| ≤ t is a
 * finite sum (Abramowitz and Stegun, 26.7.3 and 26.7.4):
 *
 *   odd ν    (2/π) (θ + sin θ [cos θ + (2/3) cos³θ + … + (2·4…(ν−3))/(3·5…(ν−2)) cos^(ν−2) θ])
 *   even ν   sin θ [1 + (1/2) cos²θ + (1·3)/(2·4) cos⁴θ + … + (1·3…(ν−3))/(2·4…(ν−2)) cos^(ν−2) θ]
 */
const LEVEL = 0.95

/** The mean of values and its 95 % interval; null for none, no interval for one. */
export function meanOf(values: readonly number[]): Mean {
  const n = values.length
  if (n === 0) return { n, mean: null, interval: null }
  const mean = sum(values) / n
  if (n === 1) return { n, mean, interval: null }
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (n - 1)
  const half = studentQuantile(n - 1) * Math.sqrt(variance / n)
  return { n, mean, interval: [mean - half, mean + half] }
}

const known = new Map<number, number>()

/** The t that |T| exceeds with probability 5 % at ν ≥ 1 degrees of freedom. */
export function studentQuantile(freedom: number): number {
  const found = known.get(freedom)
  if (found !== undefined) return found
  let [low, high] = [0, Math.PI / 2]
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2
    if (within(middle, freedom) < LEVEL) low = middle
    else high = middle
  }
  const quantile = Math.sqrt(freedom) * Math.tan((low + high) / 2)
  known.set(freedom, quantile)
  return quantile
}

/** P(|T| ≤ √ν tan θ). */
function within(angle: number, freedom: number): number {
  const cosine = Math.cos(angle)
  const isOdd = freedom % 2 === 1
  let term = isOdd ? cosine : 1
  let series = freedom === 1 ? 0 : term
  for (let k = isOdd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine
    series += term
  }
  const tail = Math.sin(angle) * series
  return isOdd ? (2 / Math.PI) * (angle + tail) : tail
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
