import { Blocks, type DrawKey, unit } from './philox.ts'

/**
 * Standard normals by Box–Muller on the counter-based uniforms of philox.ts: block k of a key gives
 * normals 2k and 2k + 1,
 *
 *   r = √(−2 ln u),  n_2k = r cos 2πv,  n_2k+1 = r sin 2πv,     u, v in (0, 1) with 52 bits; |n| < 8.6.
 *
 * ln, cos and sin are series in + and × alone: Math.log and Math.cos differ in last bits between
 * versions of V8, and a run's numbers must not.
 */

/**
 * Fills `out` with normals number `first`, `first + 1`, … of a key.
 *
 * @throws RangeError where the key or the index leaves its range
 */
export function fillNormals(out: Float64Array, key: DrawKey, first = 0): void {
  const blocks = new Blocks(key, first + out.length)
  const { words } = blocks
  for (let i = 0; i < out.length; ) {
    const index = first + i
    blocks.draw(Math.floor(index / 2))
    const radius = Math.sqrt(-2 * logarithm(unit(words[0]!, words[1]!)))
    turn(unit(words[2]!, words[3]!), circle)
    if (index % 2 === 0) out[i++] = radius * circle[0]!
    if (i < out.length) out[i++] = radius * circle[1]!
  }
}

/** `count` normals of a key, from number 0 on. */
export function normals(count: number, key: DrawKey): Float64Array {
  const out = new Float64Array(count)
  fillNormals(out, key)
  return out
}

const circle = new Float64Array(2) // cos and sin of the last turn
const bits = new Float64Array(1)
const halves = new Uint32Array(bits.buffer) // little-endian: [low, high]
const LN_2 = Math.LN2

/** ln u for u from 2^−1022, the smallest normal double, to the largest: u = m·2^e with m in [√½, √2), ln m = 2 artanh((m − 1)/(m + 1)). */
export function logarithm(u: number): number {
  bits[0] = u
  const high = halves[1]!
  let exponent = (high >>> 20) - 1023
  halves[1] = (high & 0xfffff) | 0x3ff00000
  let mantissa = bits[0]!
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5
    exponent += 1
  }
  const s = (mantissa - 1) / (mantissa + 1) // |s| < 0.1716, so s²² / 23 < 1e-18
  const z = s * s
  const tail = L13 + z * (L15 + z * (L17 + z * (L19 + z * (L21 + z * L23))))
  return exponent * LN_2 + 2 * s * (1 + z * (L3 + z * (L5 + z * (L7 + z * (L9 + z * (L11 + z * tail))))))
}

const L3 = 1 / 3
const L5 = 1 / 5
const L7 = 1 / 7
const L9 = 1 / 9
const L11 = 1 / 11
const L13 = 1 / 13
const L15 = 1 / 15
const L17 = 1 / 17
const L19 = 1 / 19
const L21 = 1 / 21
const L23 = 1 / 23

/** Writes cos 2πv and sin 2πv. */
function turn(v: number, out: Float64Array): void {
  const quarter = Math.round(4 * v)
  turnFrom(quarter, (v - quarter / 4) * (2 * Math.PI), out)
}

/**
 * Writes cosine and sine of quarter·π/2 + x by Taylor series.
 *
 * @param quarter 0 to 4
 * @param x at most π/4 from 0, where the first term left out is below 1e-17
 */
export function turnFrom(quarter: number, x: number, out: Float64Array): void {
  const z = x * x
  const sine =
    x * (1 + z * (S3 + z * (S5 + z * (S7 + z * (S9 + z * (S11 + z * (S13 + z * (S15 + z * S17))))))))
  const cosine = 1 + z * (C2 + z * (C4 + z * (C6 + z * (C8 + z * (C10 + z * (C12 + z * (C14 + z * C16)))))))
  const odd = quarter % 2 === 1
  const negative = quarter === 2 || quarter === 3
  out[0] = quarter === 1 ? -sine : quarter === 3 ? sine : negative ? -cosine : cosine
  out[1] = odd ? (negative ? -cosine : cosine) : negative ? -sine : sine
}

const S3 = -1 / 6
const S5 = 1 / 120
const S7 = -1 / 5040
const S9 = 1 / 362880
const S11 = -1 / 39916800
const S13 = 1 / 6227020800
const S15 = -1 / 1307674368000
const S17 = 1 / 355687428096000
const C2 = -1 / 2
const C4 = 1 / 24
const C6 = -1 / 720
const C8 = 1 / 40320
const C10 = -1 / 3628800
const C12 = 1 / 479001600
const C14 = -1 / 87178291200
const C16 = 1 / 20922789888000
