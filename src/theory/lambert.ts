/**
 * The x > 0 with x + ln x = c, that is W₀(e^c) of Lambert (the Wright omega function), for any c that e^c
 * would overflow on too. Newton's method on the concave x + ln x − c, started where it stays positive.
 */
export function logOmega(c: number): number {
  if (c < -700) return Math.exp(c) // x = e^c to rounding
  let x = c > 1 ? c - Math.log(c) : Math.exp(c) / (1 + Math.exp(c))
  for (let iteration = 0; iteration < 100; iteration++) {
    const next = x * ((1 + c - Math.log(x)) / (1 + x))
    if (Math.abs(next - x) <= 2e-16 * x) return next
    x = next
  }
  return x
}
