import type { Weights } from '../../src/experiment/matrix.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import type { ResolvedTraining } from '../../src/experiment/resolve.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import type { Sampler } from '../../src/data/sampler.ts'

/** Everything an engine needs to train one run: no queue, no files, no theory. */
export interface RunPlan {
  readonly objective: Objective
  readonly depth: number
  readonly features: number // d
  readonly width: number // ≥ d
  readonly moments: Moments // population Sxx, Syx, Syy, each [d][d]
  readonly sampler: Sampler | null // sgd only
  readonly initial: Weights
  readonly training: ResolvedTraining
}

/** One way of doing the arithmetic. `reference` is the yardstick of the others. */
export interface Engine {
  readonly name: 'reference' | 'lanes' | 'tensorflow'
  readonly device: 'cpu' | 'cuda'
  /** What computed the numbers, for the result: { node: '20.20.2', tensorflow: '2.21.0', … }. */
  readonly versions: Readonly<Record<string, string>>
  /** The precision this engine uses where the plan asks for `asked`. */
  precision(asked: ResolvedTraining['precision']): ResolvedTraining['precision']
  begin(plan: RunPlan): Training
}

/** A run in training. Owns its memory until `dispose`, which may be called twice. */
export interface Training {
  /** Updates done (accepted integrator steps in flow). */
  readonly step: number
  /** Flow time reached: Σ learning rate over the updates done. */
  readonly time: number
  /**
   * Trains on, never past the limit (a step in descent, a flow time in flow): one accepted integrator
   * step in flow, at most a stride of updates in descent, short enough (0.1 % of the steps so far) that
   * the moments at which amplitudes pass a level can be read between two calls.
   */
  advance(limit: number): void | Promise<void>
  /** The encoder's product W̄ = Wᴸ…W¹, [width][features], a copy. */
  product(): Float64Array | Promise<Float64Array>
  /** Population loss at the weights of now (docs/theory.md §1). */
  loss(): number | Promise<number>
  weights(): Weights | Promise<Weights>
  dispose(): void
}
