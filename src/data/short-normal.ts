import { logarithm, turnFrom } from './normal.ts'
import { Blocks, type DrawKey } from './philox.ts'

/**
 * Standard normals at four a block, for the factors of wishart.ts. native/lanes/random draws the very same
 * numbers in float32 and float64, so every step of the definition counts:
 *
 *   words (w0, w1) → normals 0 and 1,  (w2, w3) → normals 2 and 3 of the block, by Box–Muller
 *   radius   u = ⌊w0/2⌋·2^−31 + 2^−32 in (0, 1], ⌊w0/2⌋ rounded to float32 and then the sum (one fma in float32);  r = √(−2 ln u) < 6.7
 *   angle    w1 ↦ quarter q and the rest |w1 − q·2^30| ≤ 2^29, rounded to float32; x = rest·(π/2)·2^−30, |x| ≤ π/4
 *   normals  r cos(q π/2 + x),  r sin(q π/2 + x)
 *
 * All after the roundings of u and of the rest is float64 in + and × (normal.ts); float32 kernels stay within 5e-7 of it.
 * u and the rest carry 24 bits each: normals are right in law to some 1e-7, and so are all moments made of them.
 */

/** Fills `out` with normals number 0, 1, … of a key. @throws RangeError where the key leaves its range */
export function fillShortNormals(out: Float64Array, key: DrawKey): void {
  const blocks = new Blocks(key, Math.ceil(out.length / 2))
  const { words } = blocks
  for (let i = 0; i < out.length; i += 4) {
    blocks.draw(i / 4)
    pairOf(words[0]!, words[1]!)
    out[i] = pair[0]!
    if (i + 1 < out.length) out[i + 1] = pair[1]!
    if (i + 2 >= out.length) break
    pairOf(words[2]!, words[3]!)
    out[i + 2] = pair[0]!
    if (i + 3 < out.length) out[i + 3] = pair[1]!
  }
}

/** Writes the four normals of a block to out[at] … out[at + 3]. */
export function writeBlockNormals(words: Uint32Array, out: Float64Array, at: number): void {
  pairOf(words[0]!, words[1]!)
  out[at] = pair[0]!
  out[at + 1] = pair[1]!
  pairOf(words[2]!, words[3]!)
  out[at + 2] = pair[0]!
  out[at + 3] = pair[1]!
}

/** The first normal of a block. */
export function firstNormal(words: Uint32Array): number {
  pairOf(words[0]!, words[1]!)
  return pair[0]!
}

/** A uniform in (0, 1] of one word, with the 24 bits of a float32: (k + ½)·2^−31. */
export function shortUniform(word: number): number {
  return Math.fround(Math.fround(word >>> 1) * 2 ** -31 + 2 ** -32)
}

const pair = new Float64Array(2)
const HALF_PI = Math.PI / 2

/** Writes two normals to `pair`. */
function pairOf(radiusWord: number, angleWord: number): void {
  const radius = Math.sqrt(-2 * logarithm(shortUniform(radiusWord)))
  const quarter = ((angleWord + 2 ** 29) >>> 0) >>> 30
  const rest = Math.fround((angleWord - quarter * 2 ** 30) | 0)
  turnFrom(quarter, rest * (HALF_PI * 2 ** -30), pair)
  pair[0] = radius * pair[0]!
  pair[1] = radius * pair[1]!
}
