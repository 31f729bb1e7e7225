import { type Static, Type } from 'typebox'
import { Progress } from './job-view.ts'
import { JOB_STATES, type JobState } from './states.ts'
import { SweepSpec } from './sweep.ts'

/** What users read of a sweep. Critical times are flow times; null is never. */
const finite = Type.Number()
const orNull = Type.Union([Type.Number(), Type.Null()])
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
const timeOfDay = Type.String({ format: 'date-time' })

export const SWEEP_STATES = [
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'partially_succeeded',
  'failed',
  'cancelled',
] as const
export type SweepState = (typeof SWEEP_STATES)[number]

export const SweepView = Type.Object(
  {
    id: Type.String(),
    state: Type.Unsafe<SweepState>(Type.Union(SWEEP_STATES.map((state) => Type.Literal(state)))),
    /** Runs per state; states without a run are left out. */
    counts: Type.Unsafe<Partial<Record<JobState, number>>>(
      Type.Partial(Type.Object(Object.fromEntries(JOB_STATES.map((state) => [state, Type.Integer()])))),
    ),
    /** Different runs that the sweep asks for so far; a boundary search adds to them as it goes. */
    total: Type.Integer(),
    progress: Type.Pick(Progress, ['fraction', 'etaSeconds']),
    reason: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    createdAt: timeOfDay,
    finishedAt: nullable(timeOfDay),
    spec: SweepSpec,
    links: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'SweepView' },
)
export type SweepView = Static<typeof SweepView>

/** A value for each path of the axes. */
export const Point = Type.Record(Type.String(), Type.Unknown())
export type Point = Static<typeof Point>

const state = Type.Unsafe<JobState>(Type.Union(JOB_STATES.map((name) => Type.Literal(name))))
const Times = Type.Array(orNull) // [features]

/** One run of a sweep; what a run without a result has not is null. */
export const SweepRun = Type.Object({
  id: Type.String(),
  point: Point,
  state,
  fingerprint: nullable(Type.String()),
  order: nullable(
    Type.Object({ measured: Type.Array(Type.Integer()), predicted: Type.Array(Type.Integer()) }),
  ),
  criticalTimes: nullable(Type.Object({ measured: Times, predicted: Times })),
  amplitudes: nullable(Type.Object({ final: Times, fixedPoint: Times })),
  greedyIndex: nullable(Type.Object({ measured: orNull, predicted: orNull })),
  /** Of a net: rank correlation of the measured order with that by falling λ and by falling ρ. */
  orderCorrelation: Type.Optional(Type.Object({ byLambda: orNull, byRho: orNull })),
  /** Of a net on images with classes: the share that a linear classifier of the representation tells right, at the start and at the end. */
  accuracy: Type.Optional(Type.Object({ initial: orNull, final: orNull })),
  theoryResidual: orNull,
  loss: nullable(Type.Object({ initial: orNull, final: orNull })),
})
export type SweepRun = Static<typeof SweepRun>

/** A mean over n values with its 95 % interval (Student's t); the interval is null for one value. */
export const Mean = Type.Object({
  n: Type.Integer(),
  mean: orNull,
  interval: nullable(Type.Tuple([finite, finite])),
})
export type Mean = Static<typeof Mean>

/** Runs that differ in their seed alone. */
export const SweepGroup = Type.Object({
  point: Point,
  runs: Type.Array(Type.String()),
  criticalTimes: Type.Array(Mean), // [features], over the runs that learn the feature
  finalAmplitudes: Type.Array(Mean), // [features]
  greedyIndex: Mean,
  /** Of nets. */
  orderCorrelation: Type.Optional(Type.Object({ byLambda: Mean, byRho: Mean })),
  /** Of nets on images with classes; `gain` is final − initial, run by run. */
  accuracy: Type.Optional(Type.Object({ initial: Mean, final: Mean, gain: Mean })),
})
export type SweepGroup = Static<typeof SweepGroup>

/** JEPA against MAE on the same data, start and draws: pairs that differ in the objective alone, over the seeds of a point. */
export const SweepTwins = Type.Object({
  point: Point,
  pairs: Type.Array(Type.Object({ jepa: Type.String(), mae: Type.String() })),
  /** Pairs in which the two learn the features in different orders, as a share. */
  ordersDiffer: orNull,
  /** JEPA minus MAE. */
  greedyIndex: Mean,
  /** Relative spread (last − first)/last of the critical times, JEPA minus MAE. */
  spread: Mean,
  /** log10 of the critical time, JEPA minus MAE, per feature. */
  logCriticalTimes: Type.Array(Mean),
  /** Of nets: rank correlation of the order of learning with that by falling λ and by falling ρ, JEPA minus MAE. */
  orderCorrelation: Type.Optional(Type.Object({ byLambda: Mean, byRho: Mean })),
})
export type SweepTwins = Static<typeof SweepTwins>

/** Where the answer to a question flips: for each value of the first axis the place on the second, between two runs that answer differently. */
export const Boundary = Type.Object({
  question: Type.String(),
  x: Type.String(), // path of the first axis
  y: Type.String(),
  lines: Type.Array(
    Type.Object({
      x: Type.Unknown(),
      /** Middle of `interval`; null where the answer is the same along the whole line. */
      y: orNull,
      interval: nullable(Type.Tuple([finite, finite])),
      /** The answer at the low end of the second axis; null where no run there has a result. */
      below: nullable(Type.Boolean()),
      above: nullable(Type.Boolean()),
      /** Theory's place, where it has one. */
      predicted: orNull,
    }),
  ),
  runs: Type.Integer(),
  /** Runs of a grid of the same resolution. */
  gridRuns: Type.Integer(),
})
export type Boundary = Static<typeof Boundary>

/** What the measurements say of the claim: `holds` null where they cannot decide. */
export const Verdict = Type.Object({
  claim: Type.String(),
  statement: Type.String(),
  holds: nullable(Type.Boolean()),
  because: Type.String(),
  figures: Type.Array(Type.Object({ name: Type.String(), measured: orNull, wanted: Type.String() })),
})
export type Verdict = Static<typeof Verdict>

/** What is made of the runs once all have ended. */
export const SweepAnalysis = Type.Object({
  groups: Type.Optional(Type.Array(SweepGroup)),
  twins: Type.Optional(Type.Array(SweepTwins)),
  boundary: Type.Optional(Boundary),
  verdict: Type.Optional(Verdict),
})
export type SweepAnalysis = Static<typeof SweepAnalysis>

export const SweepResult = Type.Object(
  {
    id: Type.String(),
    axes: Type.Record(Type.String(), Type.Array(Type.Unknown())),
    /** In the order of their points; all of them unless a limit is given. */
    runs: Type.Array(SweepRun),
    /** Only with a limit: what to give back as `after` for the runs that follow, null after the last. */
    nextCursor: Type.Optional(nullable(Type.String())),
    ...SweepAnalysis.properties,
  },
  { $id: 'SweepResult' },
)
export type SweepResult = Static<typeof SweepResult>
