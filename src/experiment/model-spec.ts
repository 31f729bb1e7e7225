import { type Static, Type } from 'typebox'

/** What is trained: a deep linear encoder, or a net with an activation, an MLP or a convolutional one (docs/models.md). */
const closed = { additionalProperties: false } as const
/** Of a deep linear model, and so of the data that it learns from. */
export const MAX_WIDTH = 1024
/** Of the layers of a net. */
const MAX_UNITS = 4096
/** Of a net's representation, whose covariance probes decompose. */
const MAX_OUTPUTS = 1024

export const Depth = Type.Integer({ minimum: 1, maximum: 8 })
const units = Type.Integer({ minimum: 1, maximum: MAX_UNITS })
const outputs = Type.Integer({ minimum: 1, maximum: MAX_OUTPUTS })

const DeepLinear = Type.Object(
  {
    kind: Type.Literal('deep-linear'),
    depth: Depth,
    width: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_WIDTH })),
  },
  closed,
)

const Activation = Type.Union([
  Type.Literal('linear'),
  Type.Literal('relu'),
  Type.Literal('tanh'),
  Type.Literal('gelu'),
])
export type Activation = Static<typeof Activation>

const LinearHead = Type.Object({ kind: Type.Literal('linear') }, closed)
const MlpHead = Type.Object(
  { kind: Type.Literal('mlp'), width: units, depth: Type.Integer({ minimum: 1, maximum: 4 }) },
  closed,
)
const TransposedHead = Type.Object({ kind: Type.Literal('transposed') }, closed)

/** What comes after the encoder: linear, or hidden layers of the encoder's activation and a linear one. */
const Head = Type.Union([LinearHead, MlpHead])
/** A convolutional encoder backwards, from the representation to the image. */
const ImageHead = Type.Union([LinearHead, MlpHead, TransposedHead])
export type Head = Static<typeof ImageHead>

/** `depth` hidden layers of `width` units, each with its activation, and a linear layer to the `outputs`. */
const Mlp = Type.Object(
  {
    kind: Type.Literal('mlp'),
    depth: Depth,
    width: units,
    outputs: Type.Optional(outputs),
    activation: Activation,
    norm: Type.Optional(Type.Union([Type.Literal('none'), Type.Literal('layer')], { default: 'none' })),
    predictor: Type.Optional(Head),
    decoder: Type.Optional(Head),
  },
  closed,
)

/** A convolution for each of the `channels`, then a linear layer from all that is left, or its average, to the `outputs`. */
const Convolutional = Type.Object(
  {
    kind: Type.Literal('convolutional'),
    channels: Type.Array(Type.Integer({ minimum: 1, maximum: 512 }), { minItems: 1, maxItems: 8 }),
    kernel: Type.Optional(Type.Integer({ minimum: 1, maximum: 11, default: 3 })),
    stride: Type.Optional(Type.Integer({ minimum: 1, maximum: 4, default: 2 })),
    activation: Activation,
    norm: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('batch'), Type.Literal('layer')], { default: 'none' }),
    ),
    pooling: Type.Optional(Type.Union([Type.Literal('none'), Type.Literal('average')], { default: 'none' })),
    residual: Type.Optional(Type.Boolean({ default: false })),
    outputs: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_OUTPUTS, default: 64 })),
    predictor: Type.Optional(Head),
    decoder: Type.Optional(ImageHead),
  },
  closed,
)

export const ModelSpec = Type.Union([DeepLinear, Mlp, Convolutional])
export type ModelSpec = Static<typeof ModelSpec>

/**
 * What a net's loss is made of beside the prediction's error. `target` is who encodes y for JEPA: the encoder itself,
 * through which no gradient passes there, or an exponential moving average of it. `variance` and `covariance` weigh VICReg's
 * terms on the representation of x. `pixels` is where MAE's error counts.
 */
export const LossSpec = Type.Object(
  {
    target: Type.Optional(
      Type.Union(
        [
          Type.Literal('stop-gradient'),
          Type.Object({ ema: Type.Number({ minimum: 0, exclusiveMaximum: 1 }) }, closed),
        ],
        { default: 'stop-gradient' },
      ),
    ),
    variance: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
    covariance: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
    pixels: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('masked')], { default: 'all' })),
  },
  closed,
)
export type LossSpec = Static<typeof LossSpec>

/** A model's depth: layers of a deep linear encoder, hidden layers of an MLP, convolutions of a convolutional one. */
export function depthOf(
  model:
    | { readonly kind: 'deep-linear' | 'mlp'; readonly depth: number }
    | { readonly kind: 'convolutional'; readonly channels: readonly number[] },
): number {
  return model.kind === 'convolutional' ? model.channels.length : model.depth
}
