/** Distribution functions to hold draws against, by textbook series: they share no code with src/data. */

/** P(N(0, 1) ≤ x). */
export function normalLaw(x: number): number {
  const tail = 0.5 * (1 - gammaShare(0.5, (x * x) / 2))
  return x < 0 ? tail : 1 - tail
}

/** P(χ(m) ≤ x). For m above 10,000 Wilson and Hilferty's cube root, right to 1e-6 there. */
export function chiLaw(m: number, x: number): number {
  if (x <= 0) return 0
  if (m <= 10_000) return gammaShare(m / 2, (x * x) / 2)
  const spread = 2 / (9 * m)
  return normalLaw((Math.cbrt((x * x) / m) - (1 - spread)) / Math.sqrt(spread))
}

/** The regularised lower incomplete gamma function P(a, x), by its series. */
function gammaShare(a: number, x: number): number {
  if (x <= 0) return 0
  if (x > a + 40 * Math.sqrt(a) + 60) return 1
  let [sum, term] = [1, 1]
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= x / (a + n)
    sum += term
  }
  return Math.min(1, sum * Math.exp(a * Math.log(x) - x - logGamma(a + 1)))
}

/** ln Γ(z), z > 0, by Stirling's series from 20 on. */
function logGamma(z: number): number {
  let [shift, at] = [0, z]
  for (; at < 20; at++) shift += Math.log(at)
  const tail = 1 / (12 * at) - 1 / (360 * at ** 3) + 1 / (1260 * at ** 5)
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + tail - shift
}
