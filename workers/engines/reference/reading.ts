import { layoutOf } from '../../models/parameters.ts'
import { Gradient } from '../../objectives/gradient.ts'
import { Amplitudes } from '../../probes/amplitudes.ts'
import type { RunPlan } from '../engine.ts'

/** What both dynamics share: a plan, its gradient and how its weights are read. */
export class Reading {
  readonly plan: RunPlan
  readonly gradient: Gradient
  readonly #amplitudes: Amplitudes

  constructor(plan: RunPlan) {
    this.plan = plan
    this.gradient = new Gradient(layoutOf(plan))
    this.#amplitudes = new Amplitudes(plan.directions, plan.width)
  }

  amplitudes(theta: Float64Array): Float64Array {
    return this.#amplitudes.of(this.gradient.product(theta))
  }

  loss(theta: Float64Array): number {
    return this.gradient.loss(theta, this.plan.moments)
  }
}
