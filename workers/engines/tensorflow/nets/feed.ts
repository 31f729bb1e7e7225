import type { Sampler } from '../../../../src/data/sampler.ts'
import type { ResolvedDescent } from '../../../../src/experiment/resolve.ts'
import { learningRates } from '../../../dynamics/schedule.ts'
import type { Tensor, Tfjs } from '../tensors.ts'

/** Numbers of x and y that are fed at once: 16 MB. */
const FED_NUMBERS = 4e6
const MOST_STEPS = 1024
const PAUSE_MS = 40

/**
 * What many steps read by their numbers: rates with Adam's corrections, [steps][3], and, where the data are not drawn by the step
 * itself, batches x and y, [steps][batch][d].
 */
export type Fed = { readonly rates: Tensor; readonly x?: Tensor; readonly y?: Tensor }

/**
 * Prepares many steps at once for a program to read: those of the window of `steps` steps in which a step lies. The batch of a
 * step is the sampler's, a function of seed and step, however steps are cut into windows.
 */
export class Feed {
  /** Steps of a window; the step's number modulo this is its place. */
  readonly steps: number
  readonly #tf: Tfjs
  readonly #sampler: Sampler | null
  readonly #training: ResolvedDescent
  readonly #features: number
  readonly #rate: (step: number) => number

  /** @param sampler null where the step draws */
  constructor(tf: Tfjs, sampler: Sampler | null, training: ResolvedDescent, features: number) {
    this.#tf = tf
    this.#sampler = sampler
    this.#training = training
    this.#features = features
    this.#rate = learningRates(training)
    this.steps = sampler === null ? MOST_STEPS : windowOf(training.batchSize ?? 1, features)
  }

  /** The window that begins at a step, which the caller disposes of. `pause` is called now and then, for the event loop. */
  async draw(first: number, pause: () => Promise<void>): Promise<Fed> {
    const rates = this.#rates(first)
    if (this.#sampler === null) return { rates }
    const { batchSize = 1, steps: all } = this.#training
    const size = batchSize * this.#features
    const [x, y] = [new Float32Array(this.steps * size), new Float32Array(this.steps * size)]
    let paused = performance.now()
    try {
      for (let k = 0; k < Math.min(this.steps, Math.max(1, all - first)); k++) {
        const batch = this.#sampler.draw(first + k, batchSize)
        x.set(batch.x, k * size)
        y.set(batch.y, k * size)
        if (performance.now() - paused < PAUSE_MS) continue
        await pause()
        paused = performance.now()
      }
    } catch (error) {
      rates.dispose()
      throw error
    }
    const shape = [this.steps, batchSize, this.#features]
    return { rates, x: this.#tf.tensor(x, shape), y: this.#tf.tensor(y, shape) }
  }

  #rates(first: number): Tensor {
    const { beta1 = 0, beta2 = 0 } = this.#training.optimizer ?? {}
    const numbers = Array.from({ length: this.steps }, (_, k) => {
      const t = first + k + 1
      return [this.#rate(first + k), 1 / (1 - power(beta1, t)), 1 / (1 - power(beta2, t))]
    })
    return this.#tf.tensor2d(Float32Array.from(numbers.flat()), [this.steps, 3])
  }
}

/** Steps that are fed at once: a function of the batch's size alone, so that runs of one shape share a program. */
function windowOf(batchSize: number, features: number): number {
  return Math.max(1, Math.min(MOST_STEPS, Math.floor(FED_NUMBERS / (2 * batchSize * features))))
}

/** xⁿ by squaring: products alone, so that the bits are the same everywhere. */
function power(x: number, n: number): number {
  let result = 1
  for (let [base, left] = [x, n]; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= base
    base *= base
  }
  return result
}
