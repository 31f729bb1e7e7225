import { type Static, Type } from 'typebox'
import { DataSpec } from './data-spec.ts'
import { LossSpec, MAX_WIDTH, ModelSpec } from './model-spec.ts'
import { PROBE_NAMES } from './probe.ts'
import { TrainingSpec } from './training-spec.ts'

/**
 * What a researcher asks for: one training run. Field names are fixed by the public contract;
 * defaults live here and nowhere else. `resolve.ts` fills them in.
 */
const closed = { additionalProperties: false } as const

export const Objective = Type.Union([Type.Literal('jepa'), Type.Literal('mae')])
export type Objective = Static<typeof Objective>

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

/** When and what is measured. `fraction` is of the fixed point w̄*, for critical times. */
const Measure = Type.Object(
  {
    schedule: Type.Optional(Type.Union([Type.Literal('log'), Type.Literal('linear')], { default: 'log' })),
    points: Type.Optional(Type.Integer({ minimum: 2, maximum: 10_000, default: 200 })),
    fraction: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 })),
    /** Of a net's representation (docs/probes.md); those that suit the data where they are left out. */
    probes: Type.Optional(
      Type.Array(Type.Union(PROBE_NAMES.map((name) => Type.Literal(name))), { uniqueItems: true }),
    ),
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
    model: ModelSpec,
    init: Type.Union([RandomInit, ExplicitInit]),
    training: TrainingSpec,
    loss: Type.Optional(LossSpec),
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
