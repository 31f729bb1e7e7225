import assert from 'node:assert/strict'

/**
 * Kolmogorov–Smirnov. √n D exceeds 2.23 by chance once in 10,000 (2 exp(−2·2.23²) = 9.6e-5), and seeds are fixed.
 */
const LIMIT = 2.23

/** Holds a sample to a distribution function. */
export function assertFollows(name: string, sample: readonly number[], law: (x: number) => number): void {
  const sorted = [...sample].sort((a, b) => a - b)
  const n = sorted.length
  const gaps = sorted.map((x, i) => Math.max(Math.abs(law(x) - i / n), Math.abs(law(x) - (i + 1) / n)))
  const distance = Math.sqrt(n) * gaps.reduce((most, gap) => Math.max(most, gap), 0)
  assert.ok(distance < LIMIT, `${name}: √n D is ${distance} over ${n} draws, limit ${LIMIT}`)
}

/** Holds two samples to one another. */
export function assertAlike(name: string, one: readonly number[], other: readonly number[]): void {
  const all = [...one.map((x) => [x, 1 / one.length]), ...other.map((x) => [x, -1 / other.length])]
  all.sort((a, b) => a[0]! - b[0]!)
  let [sum, most] = [0, 0]
  for (const [i, [x, share]] of all.entries()) {
    sum += share!
    if (all[i + 1]?.[0] !== x) most = Math.max(most, Math.abs(sum)) // equal values count together
  }
  const distance = Math.sqrt((one.length * other.length) / (one.length + other.length)) * most
  assert.ok(distance < LIMIT, `${name}: √(nm/(n+m)) D is ${distance}, limit ${LIMIT}`)
}
