import { type Matrix, zeros } from '../experiment/matrix.ts'
import { fillChi } from './chi.ts'
import { STREAMS } from './philox.ts'
import { fillShortNormals } from './short-normal.ts'

/**
 * The second moments of n ≥ d standard normal rows, without the rows.
 *
 * For X, E [n][d] of independent N(0, 1): X = O A' with O'O = I and A lower triangular, where A_jj ~ χ(n − j) (j from 0),
 * A_jk ~ N(0, 1) below the diagonal, all independent (Bartlett 1933; Muirhead, Aspects of Multivariate Statistical Theory, thm. 3.2.14),
 * so that X'X = A A'. Given X, G = E'O has d × d independent N(0, 1) whatever O is, and E'X = G A'.
 */
export class WishartFactors {
  readonly A: Matrix // [d][d] lower triangular
  readonly G: Matrix // [d][d]
  readonly #chi: Float64Array // [d]
  readonly #below: Float64Array // [d(d−1)/2], row by row

  constructor(features: number) {
    this.A = zeros(features, features)
    this.G = zeros(features, features)
    this.#chi = new Float64Array(features)
    this.#below = new Float64Array((features * (features - 1)) / 2)
  }

  /**
   * Overwrites A and G with those of a minibatch, which (seed, step, rows) decide.
   *
   * @param rows n ≥ d
   */
  draw(seed: number, step: number, rows: number): void {
    const d = this.A.rows
    fillChi(this.#chi, rows, { seed, step, stream: STREAMS.chi })
    fillShortNormals(this.#below, { seed, step, stream: STREAMS.bartlett })
    fillShortNormals(this.G.data, { seed, step, stream: STREAMS.cross })
    for (let j = 0; j < d; j++) {
      const first = (j * (j - 1)) / 2
      this.A.data.set(this.#below.subarray(first, first + j), j * d)
      this.A.data[j * d + j] = this.#chi[j]!
    }
  }
}
