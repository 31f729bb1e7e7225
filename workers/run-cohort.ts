import type { Checkpoint } from '../src/artifacts/checkpoint.ts'
import { gaussianLaw } from '../src/data/gaussian-law.ts'
import { MomentSampler } from '../src/data/moment-sampler.ts'
import type { Problem } from '../src/data/problem.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { Progress } from '../src/experiment/job-view.ts'
import type { RunWeights, Weights } from '../src/experiment/matrix.ts'
import type { Measurements, Outcome } from '../src/experiment/measurement.ts'
import { asLinear, isNet, type LinearSpec, type ResolvedSpec } from '../src/experiment/resolve.ts'
import type { Precision } from '../src/experiment/training-spec.ts'
import { measurementPoints } from './dynamics/measurement-points.ts'
import { Pace } from './dynamics/progress.ts'
import type {
  Engine,
  Keeper,
  NetPlan,
  NetTrajectory,
  Position,
  RunPlan,
  Trainee,
  Trajectory,
} from './engines/engine.ts'
import { netPlan } from './engines/net-plan.ts'
import { inPauses, itsTurn } from './engines/turn.ts'
import { type AlignedStart, alignedStart } from './models/aligned-frame.ts'
import { initialWeights } from './models/initial-weights.ts'

/** A run that ended by itself. `message` says why where it did not succeed. */
export interface TrainedRun {
  readonly outcome: Outcome
  readonly message: string | null
  readonly measurements: Measurements
  readonly weights: RunWeights // where it diverged these may hold NaN or Infinity
  readonly steps: number
  readonly time: number
  readonly wallSeconds: number
  readonly precision: Precision
}

/** A run of a cohort. */
export interface Member {
  readonly spec: ResolvedSpec
  readonly problem: Problem
  /** Called as its training starts, twice a second and at the end. */
  report(progress: Progress): void
  readonly signal: AbortSignal
  /** A clock that never goes back, in milliseconds; the process's own where it is left out. */
  readonly now?: () => number
  /** Of nets that are to go on after a crash from where they were. */
  readonly keeper?: Keeper<Checkpoint> | undefined
}

export interface Hands extends Omit<Member, 'spec' | 'problem'> {
  readonly engine: Engine
}

/** A cohort of one: the run's outcome. @throws as the promises of `trainCohort` */
export async function trainRun(spec: ResolvedSpec, problem: Problem, hands: Hands): Promise<TrainedRun> {
  hands.signal.throwIfAborted()
  const { engine, ...rest } = hands
  const [only] = trainCohort(engine, [{ spec, problem, ...rest }])
  return only as Promise<TrainedRun>
}

/**
 * A cohort from specs to trajectories: plan every run, train them all on the engine, and turn the weights of runs that were
 * trained in coordinates of their own back into those of the spec. Knows no queue and no process.
 *
 * There is a promise for each run, in order; nothing else holds on to a run that has ended. @throws in it the signal's
 * reason once the run is aborted, and what its planning or the engine throws
 */
export function trainCohort(engine: Engine, members: readonly Member[]): Promise<TrainedRun>[] {
  const points = sharedPoints()
  const plan = (member: Member) => orError(() => startOf(member, engine, points(member.spec)))
  const cohort = inPauses(members, plan).then((starts) => trainAll(engine, starts))
  return members.map(async ({ signal }, r) => {
    await itsTurn(cohort, signal)
    const trained = await cohort
    const own = trained[r] as Promise<TrainedRun>
    delete trained[r]
    return own
  })
}

/** Trains what could be planned. */
function trainAll(engine: Engine, starts: readonly (Start | Error)[]): Promise<TrainedRun>[] {
  const ends = new Map<Start, Promise<AnyTrajectory>>()
  const enter = (ready: readonly Start[], trained: readonly Promise<AnyTrajectory>[]) => {
    for (const [r, start] of ready.entries()) ends.set(start, trained[r]!)
  }
  const ready = starts.filter((start): start is Start => !(start instanceof Error))
  const linear = ready.filter((start): start is LinearStart => start.kind === 'linear')
  const nets = ready.filter((start): start is NetStart => start.kind === 'net')
  if (linear.length > 0) enter(linear, engine.train(linear.map(({ plan, pace }) => ({ plan, ...pace }))))
  if (nets.length > 0) enter(nets, netsOf(engine)(nets.map(({ plan, pace }) => ({ plan, ...pace }))))
  return starts.map((start) => {
    const end = start instanceof Error ? Promise.reject(start) : finished(ends.get(start), start)
    end.catch(ignore)
    return end
  })
}

function netsOf({ name, trainNets }: Engine): NonNullable<Engine['trainNets']> {
  if (trainNets !== undefined) return trainNets
  throw new ExperimentError('ENGINE_UNAVAILABLE', { engine: name, why: 'it trains deep-linear models alone' })
}

/** Where a run was aborted before, nobody asks any more. Out here it keeps none of its cohort. */
function ignore(): void {}

type AnyTrajectory = Trajectory | NetTrajectory

async function finished(training: Promise<AnyTrajectory> | undefined, start: Start): Promise<TrainedRun> {
  return finish(await (training as Promise<AnyTrajectory>), start)
}

/** What cannot be planned fails alone. */
function orError<T>(plan: () => T): T | Error {
  try {
    return plan()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** A member made ready to train. */
type Start = LinearStart | NetStart

interface LinearStart extends Timed {
  readonly kind: 'linear'
  readonly plan: RunPlan
  readonly aligned: AlignedStart | null
}

interface NetStart extends Timed {
  readonly kind: 'net'
  readonly plan: NetPlan
}

interface Timed {
  readonly precision: Precision
  readonly pace: Omit<Trainee, 'plan'>
  wallSeconds(): number
}

function startOf(member: Member, engine: Engine, points: readonly number[]): Start {
  const { spec, problem, signal, now = () => performance.now() } = member
  const precision = engine.precision(spec.training.precision)
  const { report, keeper, wallSeconds } = reports(points, member, now)
  const timed = { precision, pace: { signal, report, now, keeper }, wallSeconds }
  if (isNet(spec)) return { kind: 'net', plan: netPlan(spec, problem, points), ...timed }
  const linear = asLinear(spec)
  const aligned = alignedStart(linear, problem)
  const initial = aligned?.initial ?? initialWeights(linear, problem.features)
  const plan = { ...planOf(linear, problem, initial), ...aligned, points }
  return { kind: 'linear', plan, aligned, ...timed }
}

function planOf(spec: LinearSpec, problem: Problem, initial: Weights): Omit<RunPlan, 'points'> {
  const { features, moments, spectrum } = problem
  return {
    objective: spec.objective,
    depth: spec.model.depth,
    width: spec.model.width,
    features,
    moments,
    directions: spectrum.directions,
    sampler: samplerOf(spec, problem),
    initial,
    training: spec.training,
  }
}

/** `measurementPoints`, worked out once for runs that share them: they take a run's planning longest. */
function sharedPoints(): (spec: ResolvedSpec) => readonly number[] {
  const known = new Map<string, readonly number[]>()
  return ({ measure, training }) => {
    const end = training.mode === 'flow' ? training.time : training.steps
    const key = JSON.stringify([measure.schedule, measure.points, training.mode, end])
    const points = known.get(key) ?? measurementPoints({ measure, training })
    known.set(key, points)
    return points
  }
}

/** What draws the minibatches, keyed by the run's seed. */
function samplerOf({ training, seed }: ResolvedSpec, problem: Problem): RunPlan['sampler'] {
  if (training.mode !== 'sgd') return null
  if (training.draws !== 'moments') return problem.sampler(seed)
  return new MomentSampler(gaussianLaw(problem.moments, problem.spectrum), seed)
}

function finish({ message, measurements, step, time, ...end }: AnyTrajectory, start: Start): TrainedRun {
  const aligned = start.kind === 'linear' ? start.aligned : null
  const weights = aligned === null ? end.weights : aligned.restore(end.weights as Weights)
  return {
    outcome: message === null ? 'succeeded' : 'diverged',
    message,
    measurements,
    weights,
    steps: step,
    time,
    wallSeconds: start.wallSeconds(),
    precision: start.precision,
  }
}

const REPORT_MS = 500

/**
 * Turns positions into progress, and passes on the first one, one each half second and the last. Time runs from the first, and
 * goes with what is kept.
 */
function reports(points: readonly number[], member: Member, now: () => number) {
  const end = points.at(-1) ?? 0
  const inFlow = member.spec.training.mode === 'flow'
  let pace: Pace | undefined
  let lastReport = Number.NEGATIVE_INFINITY
  const report = (at: Position): void => {
    pace ??= new Pace(end, inFlow, now)
    const isLast = (inFlow ? at.time : at.step) >= end
    if (!isLast && now() - lastReport < REPORT_MS) return
    lastReport = now()
    member.report(pace.progress(at))
  }
  const own = member.keeper
  let earlier = own?.kept?.wallSeconds ?? 0
  const wallSeconds = () => earlier + (pace?.wallSeconds() ?? 0)
  const keeper: Keeper | undefined = own && {
    ...own,
    keep: (stand) => own.keep({ ...stand, wallSeconds: wallSeconds() }),
    refuse: (why) => {
      earlier = 0
      own.refuse(why)
    },
  }
  return { report, keeper, wallSeconds }
}
