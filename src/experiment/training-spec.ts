import { type Static, Type } from 'typebox'

/** How a model is trained. */
const closed = { additionalProperties: false } as const
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

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

/**
 * Compensated: float32 weights that keep what their rounding lost. Int8x3: the same, and every product of matrices in whole numbers,
 * three digits of 8 bits an element, on the tiles of processors that have them (docs/engines.md).
 */
const Precision = Type.Union(
  [Type.Literal('compensated'), Type.Literal('float32'), Type.Literal('float64'), Type.Literal('int8x3')],
  { default: 'compensated' },
)
export type Precision = Static<typeof Precision>

/** Whether products are taken in float32, the one way that TensorFlow has. */
export function multipliesInFloat32(precision: Precision): boolean {
  return precision === 'compensated' || precision === 'float32'
}

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
    precision: Type.Optional(Precision),
  },
  closed,
)

/** Adam adds weight decay to the gradient, AdamW takes it from the weights (Loshchilov & Hutter 2019). */
const Adam = Type.Object(
  {
    kind: Type.Union([Type.Literal('adam'), Type.Literal('adamw')]),
    beta1: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.9 })),
    beta2: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.999 })),
    epsilon: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 1e-8 })),
  },
  closed,
)

/** `optimizer`, `weightDecay` and `clip`, the largest norm of a whole gradient, are for nets. */
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
    precision: Type.Optional(Precision),
    optimizer: Type.Optional(Type.Union([Type.Literal('sgd'), Adam])),
    weightDecay: Type.Optional(Type.Number({ minimum: 0 })),
    clip: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
)

export const TrainingSpec = Type.Union([Flow, GradientDescent, StochasticDescent])
export type TrainingSpec = Static<typeof TrainingSpec>
