import { logarithm } from './normal.ts'
import { Blocks, type DrawKey } from './philox.ts'
import { firstNormal, shortUniform } from './short-normal.ts'

/**
 * Chi variables by Marsaglia and Tsang's rejection (ACM TOMS 26, 2000): χ(m) = √(2 Γ(m/2)), and with a = m/2 ≥ 1, D = a − ⅓,
 * c = 1/√(9D), a normal x and a uniform u,
 *
 *   y = c x,  v = (1 + y)³;   D v has the law Γ(a) where y > −1 and ln u < h = x²/2 + D (1 − v + ln v).
 *
 * Most tries are settled without a logarithm: −h = 3D Σ_{k≥4} (−y)^k/k ≤ ¾ D y⁴/(1 − |y|), so u < 1 − ¾ D y⁴/(1 − |y|) implies
 * ln u < h. χ(1) is |x|. Entry j takes block j + 1024·t of its key at try t = 0, 1, …: the normal from the
 * block's first two words, u from the third.
 */
const TRY = 1024

/**
 * Draws χ(rows), χ(rows − 1), …
 *
 * @param out one entry j for each χ(rows − j), at most 1024
 * @throws RangeError where there are more than 1024 entries, or fewer rows than entries
 */
export function fillChi(out: Float64Array, rows: number, key: DrawKey): void {
  if (out.length > TRY) throw new RangeError(`${out.length} chi variables of one step; ${TRY} is the most.`)
  if (rows < out.length) throw new RangeError(`${rows} rows leave no χ for each of ${out.length} entries.`)
  const blocks = new Blocks(key, TRY * TRY)
  for (let j = 0; j < out.length; j++) out[j] = chi(rows - j, blocks, j)
}

function chi(degrees: number, blocks: Blocks, entry: number): number {
  const { words } = blocks
  if (degrees === 1) {
    blocks.draw(entry)
    return Math.abs(firstNormal(words))
  }
  const D = degrees / 2 - 1 / 3
  const c = 1 / Math.sqrt(9 * D)
  for (let at = entry; ; at += TRY) {
    blocks.draw(at)
    const x = firstNormal(words)
    const y = c * x
    const v = (1 + y) * (1 + y) * (1 + y)
    if (accepts(D, x, y, v, shortUniform(words[2]!))) return Math.sqrt(2 * D * v)
  }
}

function accepts(D: number, x: number, y: number, v: number, u: number): boolean {
  const size = Math.abs(y)
  const square = y * y
  if (size < 1 && u < 1 - (0.75 * D * (square * square)) / (1 - size)) return true
  return y > -1 && logarithm(u) < 0.5 * (x * x) + D * (1 - v + logarithm(v))
}
