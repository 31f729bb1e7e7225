import type { Checkpoint } from '../../src/artifacts/checkpoint.ts'
import type { MomentSampler } from '../../src/data/moment-sampler.ts'
import type { Problem } from '../../src/data/problem.ts'
import type { Sampler } from '../../src/data/sampler.ts'
import type { Collapse } from '../../src/experiment/collapse.ts'
import type { InputShape } from '../../src/experiment/input-shape.ts'
import type { Matrix, NamedTensors, Weights } from '../../src/experiment/matrix.ts'
import type { Measurements, Moments } from '../../src/experiment/measurement.ts'
import type { NetLayers } from '../../src/experiment/net-layers.ts'
import type { NetSpec, ResolvedTraining } from '../../src/experiment/resolve.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import type { Precision } from '../../src/experiment/training-spec.ts'
import type { HeldOut } from './held-out.ts'

/** Everything an engine needs to train one run: no queue, no files, no theory. */
export interface RunPlan {
  readonly objective: Objective
  readonly depth: number
  readonly features: number // d
  readonly width: number // ≥ d
  readonly moments: Moments // population Sxx, Syx, Syy, each [d][d]
  readonly directions: Matrix // [d][d], column i is feature q_i
  readonly sampler: Sampler | MomentSampler | null // sgd only
  readonly initial: Weights
  readonly training: ResolvedTraining
  /** When to measure after the start: rising steps (in flow, times), the last of which is the end. */
  readonly points: readonly number[]
}

/** What draws the minibatches of a plan for sgd. */
export function samplerOf({ sampler }: RunPlan): Sampler | MomentSampler {
  if (sampler === null) throw new TypeError('A plan for sgd needs a sampler.')
  return sampler
}

/** Where a run is. */
export interface Position {
  /** Updates done (accepted integrator steps in flow). */
  readonly step: number
  /** Flow time reached: Σ learning rate over the updates done. */
  readonly time: number
  /** Of a net whose representation has collapsed on the way. */
  readonly collapse?: Collapse | null
}

/** What a run came to. */
export interface Trajectory extends Position {
  /** Why the run could not go on to its end, as a sentence; null where it reached it. */
  readonly message: string | null
  readonly measurements: Measurements // with a row of the start
  readonly weights: Weights // after the last update; with a message these may hold NaN or Infinity
}

/** Everything an engine needs to train one net. */
export interface NetPlan {
  readonly spec: NetSpec
  readonly shape: InputShape // of one x
  readonly layers: NetLayers
  readonly problem: Problem
  readonly sampler: Sampler // keyed by the run's seed
  readonly initial: NamedTensors // weights
  readonly moving: NamedTensors // moments of batch norms, which no gradient moves
  readonly heldOut: HeldOut
  readonly probes: readonly string[] // those that the data have what is needed for
  /** When to measure after the start: rising steps, the last of which is the end. */
  readonly points: readonly number[]
}

/** What a net came to. */
export interface NetTrajectory extends Position {
  /** Why the run could not go on to its end, as a sentence; null where it reached it. */
  readonly message: string | null
  readonly measurements: Measurements
  readonly weights: NamedTensors
}

/** Keeps what a net has come to, so that another process can go on from there. */
export interface Keeper<Stand = Omit<Checkpoint, 'wallSeconds'>> {
  /** What was kept of the run before; null where it starts anew. */
  readonly kept: Checkpoint | null
  /** The least time of training from one checkpoint to the next. */
  readonly everyMs: number
  /** Aborted once this process is to end: what trains is kept at its next pause. */
  readonly leaving: AbortSignal
  /** Never rejected: a checkpoint that cannot be written is told of, and the run goes on. */
  keep(stand: Stand): Promise<void>
  /** Tells why `kept` is of no use, and the run starts anew. */
  refuse(why: string): void
}

/** A run as an engine takes it in hand. */
export interface Trainee<Plan = RunPlan> {
  readonly plan: Plan
  /** Ends this run alone: its promise is rejected with the signal's reason. */
  readonly signal: AbortSignal
  /** Hears where the run is: as its training starts, then as often as the engine pauses, and at its end. */
  report(at: Position): void
  /** A clock that never goes back, in milliseconds. */
  now(): number
  /** Of nets that are to be kept. */
  readonly keeper?: Keeper | undefined
}

/** One way of doing the arithmetic. `reference` is the yardstick of the others. */
export interface Engine {
  readonly name: 'reference' | 'lanes' | 'tensorflow'
  readonly device: 'cpu' | 'cuda'
  /** What computed the numbers, for the result: { node: '20.20.2', tensorflow: '2.21.0', … }. */
  readonly versions: Readonly<Record<string, string>>
  /** The precision this engine uses where the plan asks for `asked`; ENGINE_UNAVAILABLE where it has none. */
  precision(asked: Precision): Precision
  /**
   * Trains runs of any shapes, together or one after the other, and lets the event loop turn meanwhile. There is a promise
   * for each run, in order: what becomes of one, its divergence, cancel or failure, is nothing to the others.
   */
  train(runs: readonly Trainee[]): Promise<Trajectory>[]
  /** Whose operations nets are made of here, where others have other bits. */
  readonly operations?: string
  /** The same for nets, of an engine that trains them. */
  trainNets?(runs: readonly Trainee<NetPlan>[]): Promise<NetTrajectory>[]
}
