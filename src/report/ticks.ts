/** Where an axis is marked. All return values within [from, to], rising. */

/** About `count` round values (1, 2 or 5 × 10^k apart). */
export function linearTicks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((width) => width >= rough * 0.999)!
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)))
}

/** Powers of ten, thinned to about `count`; with other round values between them where they are fewer than three. */
export function logTicks(from: number, to: number, count: number): number[] {
  const [low, high] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)]
  const powers = Array.from({ length: Math.max(0, high - low + 1) }, (_, k) => low + k)
  if (powers.length >= 3) {
    const stride = Math.ceil(powers.length / (count + 1))
    return powers.filter((_, k) => k % stride === 0).map((k) => 10 ** k)
  }
  for (const factors of [
    [1, 3],
    [1, 2, 5],
    [1, 2, 3, 4, 5, 6, 8],
  ]) {
    const ticks = [low - 1, ...powers].flatMap((k) => factors.map((factor) => factor * 10 ** k))
    const within = ticks.filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9))
    if (within.length >= 3) return within
  }
  return linearTicks(from, to, count)
}

/** A number as people write it on an axis: 0.05, 250, 23 400, 2×10⁶. */
export function formatTick(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-3) {
    const exponent = Math.floor(Math.log10(size) + 1e-9)
    const half = Math.trunc(exponent / 2)
    // In two steps, for 10⁻³²⁴ is no double.
    const mantissa = Number(((value * 10 ** -(exponent - half)) / 10 ** half).toPrecision(4))
    const power = `10${superscript(exponent)}`
    return mantissa === 1 ? power : `${mantissa}×${power}`
  }
  const [whole, part] = String(Number(value.toPrecision(10))).split('.')
  const grouped = size >= 1e4 ? whole!.replaceAll(/\B(?=(\d{3})+$)/g, '\u2009') : whole!
  return part === undefined ? grouped : `${grouped}.${part}`
}

/** A number to three figures, for labels. */
export function formatShort(value: number): string {
  return formatTick(Number(value.toPrecision(3))).replace('-', '−')
}

/** A whole number set high: ⁻¹². */
export function superscript(exponent: number): string {
  return String(exponent).replaceAll(/[-\d]/g, (c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]!))
}
