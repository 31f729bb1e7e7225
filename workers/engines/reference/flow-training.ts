import { DormandPrince } from '../../dynamics/flow.ts'
import { pack, unpack } from '../../models/parameters.ts'
import { flowLost } from '../../probes/recorder.ts'
import type { RunPlan } from '../engine.ts'
import type { Training } from '../training.ts'
import { Reading } from './reading.ts'

/** Gradient flow of the population loss, an accepted integrator step at a time. */
export class FlowTraining implements Training {
  broken: string | null = null
  readonly #reading: Reading
  readonly #solver: DormandPrince
  readonly #spare: Float64Array // weights inside a step

  constructor(plan: RunPlan) {
    const reading = new Reading(plan)
    const { gradient } = reading
    const theta = pack(gradient.layout, plan.initial)
    this.#reading = reading
    this.#spare = new Float64Array(theta.length)
    this.#solver = new DormandPrince(theta, typicalSize(theta), (at, out) => {
      gradient.evaluate(at, plan.moments, out)
      for (let i = 0; i < out.length; i++) out[i] = -out[i]!
    })
  }

  get step(): number {
    return this.#solver.step
  }

  get time(): number {
    return this.#solver.time
  }

  advance(limit: number): void {
    if (this.time >= limit) return
    if (this.#solver.advance(limit)) return
    this.broken = flowLost(this)
  }

  amplitudes(): Float64Array {
    return this.#reading.amplitudes(this.#solver.theta)
  }

  amplitudesInside(x: number): Float64Array {
    this.#solver.inside(x, this.#spare)
    return this.#reading.amplitudes(this.#spare)
  }

  loss(): number {
    return this.#reading.loss(this.#solver.theta)
  }

  weights() {
    return unpack(this.#reading.gradient.layout, this.#solver.theta)
  }

  dispose(): void {}
}

/** Root mean square of the weights that are not zero, so that padding does not count; 1 where all are. */
function typicalSize(theta: Float64Array): number {
  const weights = theta.filter((w) => w !== 0)
  if (weights.length === 0) return 1
  return Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length)
}
