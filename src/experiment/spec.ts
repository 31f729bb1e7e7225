import { type Static, Type } from 'typebox'
import { DataSpec } from './data-spec.ts'

/**
 * What a researcher asks for: one training run. Field names are fixed by the public contract;
 * defaults live here and nowhere else. `resolve.ts` fills them in.
 */
const closed = { additionalProperties: false } as const
/** Of a deep linear model, and so of the data that it learns from. */
export const MAX_WIDTH = 1024
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const Objective = Type.Union([Type.Literal('jepa'), Type.Literal('mae')])
export type Objective = Static<typeof Objective>

export const Depth = Type.Integer({ minimum: 1, maximum: 8 })

const DeepLinear = Type.Object(
  {
    kind: Type.Literal('deep-linear'),
    depth: Depth,
    width: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_WIDTH })),
  },
  closed,
)

const weightMatrix = Type.Array(Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_WIDTH }), {
  minItems: 1,
  maxItems: MAX_WIDTH,
})

const RandomInit = Type.Object(
  {
    kind: Type.Union([Type.Literal('balanced'), Type.Literal('gaussian'), Type.Literal('orthogonal')]),
    scale: Type.Number({ exclusiveMinimum: 0 }),
    noise: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
  },
  closed,
)

const ExplicitInit = Type.Object(
  {
    kind: Type.Literal('explicit'),
    layers: Type.Array(weightMatrix, { minItems: 1, maxItems: 8 }),
    decoder: weightMatrix,
  },
  closed,
)

/** The learning rate's factor over the run: 1, half a cosine to `final`, or × `factor` at each step of `at`. */
const Schedule = Type.Union(
  [
    Type.Literal('constant'),
    Type.Literal('cosine'),
    Type.Object(
      {
        kind: Type.Literal('cosine'),
        warmup: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
        final: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0 })),
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('steps'),
        at: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 100 }),
        factor: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
      },
      closed,
    ),
  ],
  { default: 'constant' },
)
export type Schedule = Static<typeof Schedule>

const momentum = Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0 })
const precision = Type.Union(
  [Type.Literal('compensated'), Type.Literal('float32'), Type.Literal('float64')],
  { default: 'compensated' },
)
const time = Type.Number({ exclusiveMinimum: 0 })
const learningRate = Type.Number({ exclusiveMinimum: 0 })

const Flow = Type.Object(
  {
    mode: Type.Literal('flow'),
    time,
    precision: Type.Optional(Type.Literal('float64', { default: 'float64' })),
  },
  closed,
)

/** `steps` or `time` = learning rate × steps: exactly one of them (checked in resolve.ts). */
const GradientDescent = Type.Object(
  {
    mode: Type.Literal('gradient-descent'),
    learningRate,
    steps: Type.Optional(count),
    time: Type.Optional(time),
    momentum: Type.Optional(momentum),
    schedule: Type.Optional(Schedule),
    precision: Type.Optional(precision),
  },
  closed,
)

const StochasticDescent = Type.Object(
  {
    mode: Type.Literal('sgd'),
    learningRate,
    batchSize: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    steps: Type.Optional(count),
    time: Type.Optional(time),
    momentum: Type.Optional(momentum),
    schedule: Type.Optional(Schedule),
    draws: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('samples'), Type.Literal('moments')], {
        default: 'auto',
      }),
    ),
    precision: Type.Optional(precision),
  },
  closed,
)

/** When and what is measured. `fraction` is of the fixed point w̄*, for critical times. */
const Measure = Type.Object(
  {
    schedule: Type.Optional(Type.Union([Type.Literal('log'), Type.Literal('linear')], { default: 'log' })),
    points: Type.Optional(Type.Integer({ minimum: 2, maximum: 10_000, default: 200 })),
    fraction: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 })),
    probes: Type.Optional(Type.Array(Type.String(), { maxItems: 0, default: [] })),
  },
  closed,
)

export const Device = Type.Union([Type.Literal('auto'), Type.Literal('cpu'), Type.Literal('cuda')], {
  default: 'auto',
})
export type Device = Static<typeof Device>

export const EngineName = Type.Union(
  [Type.Literal('auto'), Type.Literal('reference'), Type.Literal('lanes'), Type.Literal('tensorflow')],
  { default: 'auto' },
)
export type EngineName = Static<typeof EngineName>

export const ExperimentSpec = Type.Object(
  {
    objective: Objective,
    data: DataSpec,
    model: DeepLinear,
    init: Type.Union([RandomInit, ExplicitInit]),
    training: Type.Union([Flow, GradientDescent, StochasticDescent]),
    measure: Type.Optional(Measure),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })),
    replicate: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })),
    device: Type.Optional(Device),
    engine: Type.Optional(EngineName),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50, uniqueItems: true }),
    ),
  },
  { ...closed, $id: 'ExperimentSpec' },
)
export type ExperimentSpec = Static<typeof ExperimentSpec>
export type InitSpec = ExperimentSpec['init']
