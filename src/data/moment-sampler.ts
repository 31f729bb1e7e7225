import type { Matrix } from '../experiment/matrix.ts'
import type { GaussianLaw } from './gaussian-law.ts'
import { multiply, scaleColumns, transpose } from './linear-algebra.ts'
import { WishartFactors } from './wishart.ts'

/**
 * Draws the second moments of minibatches of Gaussian pairs exactly in law, without the samples, at a cost that does not
 * grow with the batch (docs/data.md). In the coordinates of the law, with the factors A and G of wishart.ts,
 *
 *   Σ x x' = diag(σ) A A' diag(σ),   Σ y x' = M Σ x x' + H G A' diag(σ);   Sxx and Syx are these over n.
 *
 * A draw is a function of (seed, step, rows) alone; the samples of the same seed and step are others.
 */
export class MomentSampler {
  readonly law: GaussianLaw
  readonly seed: number
  readonly #factors: WishartFactors
  readonly #scale: Matrix // Q diag σ
  readonly #slope: Matrix // Q M diag σ
  readonly #noise: Matrix // Q H

  constructor(law: GaussianLaw, seed: number) {
    this.law = law
    this.seed = seed
    const sigma = law.sigma2.map(Math.sqrt)
    this.#factors = new WishartFactors(sigma.length)
    this.#scale = scaleColumns(law.basis, sigma)
    this.#slope = scaleColumns(multiply(law.basis, law.slope), sigma)
    this.#noise = multiply(law.basis, law.noise)
  }

  /**
   * The moments of the minibatch of a step, in the coordinates of the spec.
   *
   * @param rows n ≥ d
   * @returns Sxx and Syx, each [d][d]
   * @throws RangeError where there are fewer rows than features
   */
  draw(step: number, rows: number): { Sxx: Matrix; Syx: Matrix } {
    const { A, G } = this.#factors
    this.#factors.draw(this.seed, step, rows)
    const x = multiply(this.#scale, A) // X'X = x x'
    const y = multiply(this.#slope, A)
    const noise = multiply(this.#noise, G)
    for (let i = 0; i < y.data.length; i++) y.data[i] = y.data[i]! + noise.data[i]!
    const back = transpose(x)
    return { Sxx: over(multiply(x, back), rows), Syx: over(multiply(y, back), rows) }
  }
}

function over(sum: Matrix, rows: number): Matrix {
  for (let i = 0; i < sum.data.length; i++) sum.data[i] = sum.data[i]! / rows
  return sum
}
