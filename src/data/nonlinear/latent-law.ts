import { Blocks } from '../philox.ts'
import { writeBlockNormals } from '../short-normal.ts'

/**
 * Independent latents of two views, with E[z z'] = λ and E[z²] = E[z'²] = σ² = λ/ρ, per latent, 0 < ρ ≤ 1. Sample k of a
 * stream is a function of (seed, stream, k): its Philox counter is [block, k mod 2^32, k div 2^32, stream].
 *
 *   gaussian   z = √λ s + √(σ² − λ) n,  z' = √λ s + √(σ² − λ) n',   s, n, n' ~ N(0, 1)
 *              E[h_j(z) h_j(z')] = ρ^j for the Hermite polynomials h_j: finer functions of a latent are shared less
 *   redrawn    z uniform of variance σ²; z' = z with probability ρ, else an independent copy
 *              E[f(z) f(z')] = ρ E[f²] for every f of mean 0: all functions of a latent are shared alike
 */
export interface LatentLaw {
  readonly lambda: readonly number[] // [m]
  readonly rho: readonly number[] // [m]
  /**
   * A filler of the latents of numbered samples.
   *
   * @param seed integer below 2^53
   * @param stream of philox.ts
   */
  open(seed: number, stream: number): FillLatents
}

/** Writes z and z' of the samples of these numbers, [numbers][m]. */
export type FillLatents = (numbers: ArrayLike<number>, z: Float64Array, target: Float64Array) => void

/** Normals of one sample, in this order: s [m], n [m], n' [m]; four a block (short-normal.ts). */
export function gaussianPairs(lambda: readonly number[], rho: readonly number[]): LatentLaw {
  const m = lambda.length
  const shared = Float64Array.from(lambda, Math.sqrt)
  const own = Float64Array.from(lambda, (l, i) => Math.sqrt(l * Math.max(0, 1 / rho[i]! - 1)))
  return {
    lambda,
    rho,
    open(seed, stream) {
      const blocks = new Blocks({ seed, stream, step: 0 }, 0)
      const count = Math.ceil((3 * m) / 4)
      const normals = new Float64Array(4 * count)
      return (numbers, z, target) => {
        for (let r = 0; r < numbers.length; r++) {
          blocks.moveTo(numbers[r]!)
          for (let block = 0; block < count; block++) {
            blocks.draw(block)
            writeBlockNormals(blocks.words, normals, 4 * block)
          }
          for (let i = 0; i < m; i++) {
            const common = shared[i]! * normals[i]!
            z[r * m + i] = common + own[i]! * normals[m + i]!
            target[r * m + i] = common + own[i]! * normals[2 * m + i]!
          }
        }
      }
    },
  }
}

/** Block i of a sample is latent i's: words z, whether z' is redrawn, and the new draw; uniforms are (w + ½)·2^−32. */
export function redrawnUniforms(lambda: readonly number[], rho: readonly number[]): LatentLaw {
  const m = lambda.length
  const width = Float64Array.from(lambda, (l, i) => Math.sqrt((12 * l) / rho[i]!)) // of variance width²/12
  return {
    lambda,
    rho,
    open(seed, stream) {
      const blocks = new Blocks({ seed, stream, step: 0 }, 0)
      const { words } = blocks
      return (numbers, z, target) => {
        for (let r = 0; r < numbers.length; r++) {
          blocks.moveTo(numbers[r]!)
          for (let i = 0; i < m; i++) {
            blocks.draw(i)
            const first = width[i]! * (uniformOf(words[0]!) - 0.5)
            z[r * m + i] = first
            target[r * m + i] =
              uniformOf(words[1]!) < rho[i]! ? first : width[i]! * (uniformOf(words[2]!) - 0.5)
          }
        }
      }
    },
  }
}

function uniformOf(word: number): number {
  return (word + 0.5) * 2 ** -32
}

/** first, first + 1, … */
export function numbersFrom(first: number, count: number): Float64Array {
  const numbers = new Float64Array(count)
  for (let r = 0; r < count; r++) numbers[r] = first + r
  return numbers
}
