import { drawn, eachRun } from '../../kernels/draw.ts'
import type { Tensor, Tfjs } from '../../tensors.ts'

/** Draws of one step of R runs, [R][…shape]: each run's are those of its own seed, whoever else is there. */
export class Draws {
  readonly #tf: Tfjs
  readonly #of: { readonly seeds: Tensor; readonly step: Tensor }

  /**
   * @param step int32, one number
   * @param seeds int32 [R][2], lower and upper words
   */
  constructor(tf: Tfjs, step: Tensor, seeds: Tensor) {
    this.#tf = tf
    this.#of = { seeds, step }
  }

  /** Numbers in [0, 1). Draws of one step that should differ need streams of their own. */
  uniform(shape: readonly number[], stream: number): Tensor {
    return drawn(this.#tf, 'uniform', { ...this.#of, stream }, shape)
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], stream: number): Tensor {
    return drawn(this.#tf, 'normal', { ...this.#of, stream }, shape)
  }

  /** Whole numbers 0 … below − 1 (int32), each as likely to a part in 2³² / below. */
  integers(shape: readonly number[], below: number, stream: number): Tensor {
    return eachRun(this.#tf, this.#of, (moment) => moment.integers(shape, below, stream))
  }
}
