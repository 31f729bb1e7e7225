import { type Static, Type } from 'typebox'
import { ExperimentSpec } from './spec.ts'
import { JOB_STATES, type JobState } from './states.ts'

/** What users read of a run while it lives. Times of day are RFC 3339 UTC. */
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
const timeOfDay = Type.String({ format: 'date-time' })

export const State = Type.Unsafe<JobState>(Type.Union(JOB_STATES.map((state) => Type.Literal(state))))

export const Warning = Type.Object({
  code: Type.String(),
  message: Type.String(),
  pointer: Type.String(),
})
export type Warning = Static<typeof Warning>

export const Progress = Type.Object({
  step: Type.Number(),
  steps: Type.Number(),
  fraction: Type.Number(),
  etaSeconds: nullable(Type.Number()),
  /** Of a net whose representation tells samples apart no more: when it was first seen, and how. */
  collapse: Type.Optional(Type.Object({ step: Type.Number(), time: Type.Number(), message: Type.String() })),
})
export type Progress = Static<typeof Progress>

export const JobView = Type.Object(
  {
    id: Type.String(),
    state: State,
    reason: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    attempt: Type.Integer(),
    progress: Progress,
    createdAt: timeOfDay,
    startedAt: nullable(timeOfDay),
    finishedAt: nullable(timeOfDay),
    spec: ExperimentSpec,
    warnings: Type.Array(Warning),
    sweeps: Type.Array(Type.String()),
    cohort: Type.Optional(Type.String()),
    device: nullable(Type.String()),
    engine: nullable(Type.String()),
    links: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'JobView' },
)
export type JobView = Static<typeof JobView>

/** One thing that happened to a run. `id` is what a reader gives back as Last-Event-ID; null where it is not kept. */
export const JobEventView = Type.Object(
  {
    id: nullable(Type.Integer()),
    run: Type.String(),
    type: Type.Union([Type.Literal('state'), Type.Literal('progress')]),
    at: timeOfDay,
    data: Type.Object({
      state: State,
      attempt: Type.Integer(),
      progress: Progress,
      reason: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    }),
  },
  { $id: 'JobEvent' },
)

/** `steps` counts updates; in `flow`, where the integrator chooses them, it is an upper estimate. */
export const Estimate = Type.Object(
  {
    memoryBytes: Type.Number(),
    steps: Type.Number(),
    seconds: Type.Number(),
    cost: Type.Number(),
    warnings: Type.Array(Warning),
  },
  { $id: 'Estimate' },
)
export type Estimate = Static<typeof Estimate>
