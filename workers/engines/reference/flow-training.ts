import { DormandPrince } from '../../dynamics/flow.ts'
import { pack, unpack } from '../../models/parameters.ts'
import { flowLost } from '../../probes/recorder.ts'
import type { RunPlan } from '../engine.ts'
import type { Training } from '../stepwise.ts'
import { Reading } from './reading.ts'

/** Gradient flow of the population loss, an accepted integrator step at a time. */
export class FlowTraining implements Training {
  broken: string | null = null
  readonly #reading: Reading
  readonly #solver: DormandPrince
  readonly #spare: Float64Array
  #growth: Float64Array | null = null // of the weights of now, once it has been asked for

  constructor(plan: RunPlan) {
    const reading = new Reading(plan)
    const { gradient } = reading
    const theta = pack(gradient.layout, plan.initial)
    this.#reading = reading
    this.#spare = new Float64Array(plan.width * plan.features)
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
    const went = this.#solver.advance(limit, longestStep(this.amplitudes(), this.growth()))
    this.#growth = null
    if (went) return
    this.broken = flowLost(this)
  }

  amplitudes(): Float64Array {
    return this.#reading.amplitudes(this.#solver.theta)
  }

  growth(): Float64Array {
    this.#growth ??= this.#reading.growth(this.#solver.theta, this.#solver.velocity, this.#spare)
    return this.#growth
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

/** How much a logarithm of an amplitude may change between two looks, so that its passages are dated to 1e-6. */
const LARGEST_RISE = 0.1
/** Amplitudes below this part of the largest may be rounding, whose growth says nothing. */
const NEGLIGIBLE = 1e-9

function longestStep(amplitudes: Float64Array, growth: Float64Array): number {
  let [largest, fastest] = [0, 0]
  for (const amplitude of amplitudes) largest = Math.max(largest, amplitude)
  for (let i = 0; i < growth.length; i++) {
    if (amplitudes[i]! > NEGLIGIBLE * largest) fastest = Math.max(fastest, Math.abs(growth[i]!))
  }
  return fastest > 0 ? LARGEST_RISE / fastest : Number.POSITIVE_INFINITY
}
