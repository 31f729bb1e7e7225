import { type Static, Type } from 'typebox'
import { Depth } from './model-spec.ts'
import { Objective } from './spec.ts'

/** Theory alone: what is asked and answered at /v1/predictions. */
const closed = { additionalProperties: false } as const
const MAX_FEATURES = 1024
const numbers = Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_FEATURES })
const fraction = Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 })
const scale = Type.Number({ exclusiveMinimum: 0 })
const orNull = Type.Union([Type.Number(), Type.Null()])

export const PredictionRequest = Type.Object(
  {
    objective: Objective,
    depth: Depth,
    scale,
    lambda: numbers,
    rho: numbers,
    fraction: Type.Optional(fraction),
    times: Type.Optional(Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: 10_000 })),
    learningRate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    timeUnit: Type.Optional(Type.Union([Type.Literal('flow'), Type.Literal('paper')], { default: 'flow' })),
  },
  { ...closed, $id: 'PredictionRequest' },
)
export type PredictionRequest = Static<typeof PredictionRequest>

export const Prediction = Type.Object(
  {
    features: Type.Array(
      Type.Object({
        criticalTime: orNull,
        leadingOrder: orNull,
        remainder: orNull,
        fixedPoint: Type.Number(),
        layerFixedPoint: Type.Number(),
        learnable: Type.Boolean(),
        amplitudes: Type.Optional(Type.Array(Type.Number())),
      }),
    ),
    order: Type.Array(Type.Integer()),
    greedyIndex: orNull,
    spread: orNull,
    maxStableLearningRate: orNull,
    float32: Type.Union([
      Type.Object({ stalls: Type.Boolean(), relativeFirstStep: Type.Number() }),
      Type.Null(),
    ]),
    steps: Type.Optional(orNull),
  },
  { $id: 'Prediction' },
)
export type Prediction = Static<typeof Prediction>

export const CrossoverRequest = Type.Object(
  {
    depth: Depth,
    scale,
    rho: Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 2, maxItems: 2 }),
    fraction: Type.Optional(fraction),
    lambda: Type.Optional(Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 2, maxItems: 2 })),
  },
  { ...closed, $id: 'CrossoverRequest' },
)
export type CrossoverRequest = Static<typeof CrossoverRequest>

const first = Type.Union([Type.Literal(0), Type.Literal(1)])
export const Crossover = Type.Object(
  {
    jepaRatio: orNull,
    maeRatio: orNull,
    inverted: Type.Optional(Type.Boolean()),
    jepaFirst: Type.Optional(first),
    maeFirst: Type.Optional(first),
  },
  { $id: 'Crossover' },
)
export type Crossover = Static<typeof Crossover>
