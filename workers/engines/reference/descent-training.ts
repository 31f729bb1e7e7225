import type { ResolvedDescent } from '../../../src/experiment/resolve.ts'
import { Descent } from '../../dynamics/descent.ts'
import { pack, unpack } from '../../models/parameters.ts'
import { BatchMoments } from '../../objectives/batch-moments.ts'
import { type RunPlan, samplerOf } from '../engine.ts'
import type { Training } from '../training.ts'
import { Reading } from './reading.ts'

/** Descent on the population's moments, or in sgd on those of each step's minibatch. */
export class DescentTraining implements Training {
  readonly broken = null
  readonly #reading: Reading
  readonly #descent: Descent
  readonly #theta: Float64Array
  readonly #slope: Float64Array
  readonly #batch: BatchMoments | null
  readonly #rows: number

  constructor(plan: RunPlan, training: ResolvedDescent) {
    this.#reading = new Reading(plan)
    this.#theta = pack(this.#reading.gradient.layout, plan.initial)
    this.#slope = new Float64Array(this.#theta.length)
    this.#descent = new Descent(training, this.#theta.length)
    this.#batch = training.mode === 'sgd' ? new BatchMoments(plan.features) : null
    this.#rows = training.batchSize ?? 0
  }

  get step(): number {
    return this.#descent.clock.step
  }

  get time(): number {
    return this.#descent.clock.time
  }

  advance(limit: number): void {
    if (this.step >= limit) return
    const { gradient, plan } = this.#reading
    const moments = this.#batch?.draw(samplerOf(plan), this.step, this.#rows) ?? plan.moments
    gradient.evaluate(this.#theta, moments, this.#slope)
    this.#descent.update(this.#theta, this.#slope)
  }

  amplitudes(): Float64Array {
    return this.#reading.amplitudes(this.#theta)
  }

  loss(): number {
    return this.#reading.loss(this.#theta)
  }

  weights() {
    return unpack(this.#reading.gradient.layout, this.#theta)
  }

  dispose(): void {} // plain memory, nothing to hand back
}
