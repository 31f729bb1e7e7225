import type { Moment } from '../../recorder/moment.ts'
import type { Tensor, Tfjs } from '../../tensors.ts'

/** Draws of one step of R runs, [R][…shape]: each run's are those of its own seed, whoever else is there (recorder/moment.ts). */
export class Draws {
  readonly #tf: Tfjs
  readonly #moments: readonly Moment[]

  /** @param moments one of each run, at the same step */
  constructor(tf: Tfjs, moments: readonly Moment[]) {
    this.#tf = tf
    this.#moments = moments
  }

  get runs(): number {
    return this.#moments.length
  }

  /** Numbers in [0, 1). Draws of one step that should differ need streams of their own. */
  uniform(shape: readonly number[], stream: number): Tensor {
    return this.#each((moment) => moment.uniform(shape, stream))
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], stream: number): Tensor {
    return this.#each((moment) => moment.normal(shape, stream))
  }

  /** Whole numbers 0 … below − 1 (int32). */
  integers(shape: readonly number[], below: number, stream: number): Tensor {
    return this.#each((moment) => moment.integers(shape, below, stream))
  }

  #each(draw: (moment: Moment) => Tensor): Tensor {
    return this.#tf.tidy(() => this.#tf.stack(this.#moments.map(draw)))
  }
}
