import type { Matrix } from '../../src/experiment/matrix.ts'
import { multiply } from '../objectives/multiply.ts'

/** |W̄ q_i| of every feature. */
export class Amplitudes {
  readonly #directions: Matrix // [d][d], column i is q_i
  readonly #width: number
  readonly #projected: Float64Array // W̄ Q [w][d]
  readonly #values: Float64Array // [d]

  constructor(directions: Matrix, width: number) {
    const d = directions.rows
    this.#directions = directions
    this.#width = width
    this.#projected = new Float64Array(width * d)
    this.#values = new Float64Array(d)
  }

  /** @param product W̄ [w][d]. @returns [d], a view that the next call overwrites */
  of(product: Float64Array): Float64Array {
    this.#project(product, this.#projected)
    const values = this.#values.fill(0)
    const d = values.length
    for (let r = 0; r < this.#width; r++) {
      for (let i = 0; i < d; i++) values[i] = values[i]! + this.#projected[r * d + i]! ** 2
    }
    for (let i = 0; i < d; i++) values[i] = Math.sqrt(values[i]!)
    return values
  }

  #project(matrix: Float64Array, out: Float64Array): void {
    const d = this.#directions.rows
    multiply(out, 0, this.#width, d, d, matrix, 0, d, 1, this.#directions.data, 0, d, 1)
  }
}
