import type { ResolvedDescent } from '../../../src/experiment/resolve.ts'
import { Descent } from '../../dynamics/descent.ts'
import { DormandPrince } from '../../dynamics/flow.ts'
import { layoutOf, pack, unpack } from '../../models/parameters.ts'
import { BatchMoments } from '../../objectives/batch-moments.ts'
import { Gradient } from '../../objectives/gradient.ts'
import { Amplitudes } from '../../probes/amplitudes.ts'
import type { Engine, RunPlan, Training } from '../engine.ts'

/** Float64 and plain loops: the yardstick of the other engines, there on every machine. One update a stride. */
export const referenceEngine: Engine = {
  name: 'reference',
  device: 'cpu',
  versions: { node: process.versions.node },
  precision: () => 'float64',
  begin: (plan) =>
    plan.training.mode === 'flow' ? new FlowTraining(plan) : new DescentTraining(plan, plan.training),
}

/** What both dynamics share: a plan, its gradient and how its weights are read. */
class Reading {
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

  growth(theta: Float64Array, velocity: Float64Array, spare: Float64Array): Float64Array {
    this.amplitudes(theta)
    this.gradient.productVelocity(theta, velocity, spare)
    return this.#amplitudes.growthOf(spare)
  }

  loss(theta: Float64Array): number {
    return this.gradient.loss(theta, this.plan.moments)
  }
}

class DescentTraining implements Training {
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
    return this.#descent.step
  }

  get time(): number {
    return this.#descent.time
  }

  advance(limit: number): void {
    if (this.step >= limit) return
    const { gradient, plan } = this.#reading
    const batch = this.#batch
    if (batch !== null) {
      const { x, y } = samplerOf(plan).draw(this.step, this.#rows)
      batch.fill(x, y, this.#rows)
    }
    gradient.evaluate(this.#theta, batch ?? plan.moments, this.#slope)
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

class FlowTraining implements Training {
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
    this.broken = `The flow could not be followed past time ${this.time}: its step fell below what float64 counts.`
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

function samplerOf({ sampler }: RunPlan) {
  if (sampler === null) throw new TypeError('A plan for sgd needs a sampler.')
  return sampler
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
