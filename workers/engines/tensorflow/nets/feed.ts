import { sizeOf } from '../../../../src/experiment/net-layers.ts'
import { learningRates } from '../../../dynamics/schedule.ts'
import type { NetPlan } from '../../engine.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import type { Lane } from './lane.ts'

/** Numbers of x and y that are fed at once: 16 MB. */
const FED_NUMBERS = 4e6
const MOST_STEPS = 1024
const PAUSE_MS = 40

/**
 * What many steps read by their numbers: rates with Adam's corrections, [steps][3][R], and, where the data are not drawn by the step
 * itself, batches x and y, [steps][R][batch][d].
 */
export type Fed = { readonly rates: Tensor; readonly x?: Tensor; readonly y?: Tensor }

/**
 * Prepares many steps of the runs of a batch at once for a program to read: those of the window of `steps` steps in which a step
 * lies. A run's batch of a step is its sampler's, a function of seed and step, however steps are cut into windows.
 */
export class Feed {
  /** Steps of a window; the step's number modulo this is its place. */
  readonly steps: number
  readonly #tf: Tfjs
  readonly #lanes: readonly Lane[]
  readonly #isDrawn: boolean
  readonly #rates: readonly ((step: number) => readonly [number, number, number])[]

  /** @param isDrawn whether steps draw their data themselves */
  constructor(tf: Tfjs, lanes: readonly Lane[], isDrawn: boolean) {
    this.#tf = tf
    this.#lanes = lanes
    this.#isDrawn = isDrawn
    this.#rates = lanes.map(({ plan }) => ratesOf(plan))
    this.steps = isDrawn ? MOST_STEPS : windowOf(lanes.length * batchNumbers(lanes[0]!.plan))
  }

  /**
   * The window that begins at a step, which the caller disposes of. `pause` is called now and then, for the event loop. What a run's
   * sampler throws is the end of that run alone, and runs that have ended are fed zeros.
   */
  async draw(first: number, pause: () => Promise<void>): Promise<Fed> {
    const rates = this.#ratesFrom(first)
    if (this.#isDrawn) return { rates }
    const { shape, spec } = this.#lanes[0]!.plan
    const { batchSize = 1 } = spec.training
    const size = batchSize * sizeOf(shape)
    const count = this.#lanes.length
    const [x, y] = [new Float32Array(this.steps * count * size), new Float32Array(this.steps * count * size)]
    let paused = performance.now()
    for (let k = 0; k < this.steps; k++) {
      for (const [r, lane] of this.#lanes.entries()) {
        if (!lane.isOpen || first + k >= lane.plan.spec.training.steps) continue
        lane.orFail(() => {
          const batch = lane.plan.sampler.draw(first + k, batchSize)
          x.set(batch.x, (k * count + r) * size)
          y.set(batch.y, (k * count + r) * size)
        })
      }
      if (performance.now() - paused < PAUSE_MS) continue
      await pause()
      paused = performance.now()
    }
    const all = [this.steps, count, batchSize, sizeOf(shape)]
    return { rates, x: this.#tf.tensor(x, all), y: this.#tf.tensor(y, all) }
  }

  #ratesFrom(first: number): Tensor {
    const runs = this.#rates.length
    const numbers = new Float32Array(this.steps * 3 * runs)
    for (let k = 0; k < this.steps; k++) {
      for (const [r, rates] of this.#rates.entries()) {
        for (const [i, number] of rates(first + k).entries()) numbers[(k * 3 + i) * runs + r] = number
      }
    }
    return this.#tf.tensor3d(numbers, [this.steps, 3, runs])
  }
}

/** η of a step, and 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ) with t the step counted from 1. */
function ratesOf({ spec: { training } }: NetPlan): (step: number) => readonly [number, number, number] {
  const rate = learningRates(training)
  const { beta1 = 0, beta2 = 0 } = training.optimizer ?? {}
  return (step) => [rate(step), 1 / (1 - power(beta1, step + 1)), 1 / (1 - power(beta2, step + 1))]
}

function batchNumbers({ shape, spec: { training } }: NetPlan): number {
  return (training.batchSize ?? 1) * sizeOf(shape)
}

/** Steps that are fed at once: a function of the batches' size alone, so that runs of one shape share a program. */
function windowOf(numbers: number): number {
  return Math.max(1, Math.min(MOST_STEPS, Math.floor(FED_NUMBERS / (2 * numbers))))
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
