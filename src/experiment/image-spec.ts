import { type Static, Type } from 'typebox'

/**
 * How an image becomes two views (docs/data.md). A stage takes the views of the one before it, and the first takes the image
 * as both. `noise` adds independent Gaussian noise of variance `nu` (unit: mean pixel variance of the set): the same for each
 * pixel, or growing linearly to nu·(1 + ramp) across the pixels, or, with covariance in proportion to C^power (C what x shows of
 * the pixels), loudest along the leading components and of mean variance `nu`; `pixel-mask` keeps each pixel with
 * probability `keep`; `block-mask` shows x a square block of the area `context` less `blocks` blocks of the area `size`, which y
 * shows; `crop` cuts two independent windows of `size` × `size` pixels; `flip` mirrors each view with `probability`; `temporal`,
 * always the first, makes y of the image `lag` after that of x, in the whole set or where both have one label.
 */
const closed = { additionalProperties: false } as const

export const MaskTarget = Type.Union(
  [Type.Literal('independent'), Type.Literal('complement'), Type.Literal('full')],
  { default: 'independent' },
)
export const keep = Type.Number({ exclusiveMinimum: 0, maximum: 1 })
const share = { exclusiveMinimum: 0, maximum: 1 } as const // of an image's area

const Noise = Type.Object(
  {
    kind: Type.Literal('noise'),
    nu: Type.Number({ minimum: 0 }),
    ramp: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
    power: Type.Optional(Type.Number({ minimum: 0, maximum: 8, default: 0 })),
    target: Type.Optional(
      Type.Union([Type.Literal('independent'), Type.Literal('clean')], { default: 'independent' }),
    ),
  },
  closed,
)

const PixelMask = Type.Object(
  { kind: Type.Literal('pixel-mask'), keep, target: Type.Optional(MaskTarget) },
  closed,
)

const BlockMask = Type.Object(
  {
    kind: Type.Literal('block-mask'),
    context: Type.Optional(Type.Number({ ...share, default: 0.85 })),
    blocks: Type.Optional(Type.Integer({ minimum: 1, maximum: 16, default: 4 })),
    size: Type.Optional(Type.Number({ ...share, default: 0.2 })),
    aspects: Type.Optional(
      Type.Array(Type.Number({ minimum: 0.125, maximum: 8 }), {
        minItems: 1,
        maxItems: 8,
        default: [0.75, 1, 1.5],
      }),
    ),
    target: Type.Optional(Type.Union([Type.Literal('blocks'), Type.Literal('full')], { default: 'blocks' })),
  },
  closed,
)

const Crop = Type.Object(
  { kind: Type.Literal('crop'), size: Type.Integer({ minimum: 1, maximum: 32 }) },
  closed,
)

const Flip = Type.Object(
  {
    kind: Type.Literal('flip'),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.5 })),
    axis: Type.Optional(
      Type.Union([Type.Literal('horizontal'), Type.Literal('vertical')], { default: 'horizontal' }),
    ),
  },
  closed,
)

const Temporal = Type.Object(
  {
    kind: Type.Literal('temporal'),
    lag: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
    within: Type.Optional(Type.Union([Type.Literal('set'), Type.Literal('class')], { default: 'set' })),
  },
  closed,
)

const STAGES = [Noise, PixelMask, BlockMask, Crop, Flip, Temporal] as const

const Chain = Type.Object(
  {
    kind: Type.Literal('chain'),
    stages: Type.Array(Type.Union([...STAGES]), { minItems: 1, maxItems: 4 }),
  },
  closed,
)

const ImageViews = Type.Union([...STAGES, Chain])
export type ImageViews = Static<typeof ImageViews>
/** One step from an image, or from views of it, to two views. */
export type ImageStage = Exclude<ImageViews, { kind: 'chain' }>
/** A stage that needs no other image than that of its views. */
export type StillStage = Exclude<ImageStage, { kind: 'temporal' }>
export type StageOfKind<K extends ImageStage['kind']> = Extract<ImageStage, { kind: K }>

/**
 * A real image set. `dataset` is a registered name (`mnist`, `fashion-mnist`) or the path of an IDX
 * (.gz or not) or npz file on the server. Pixels are averaged over channels, or keep as many as the set
 * has where `channels` says so, and down to `resolution` × `resolution`, centred on the mean image
 * and divided by one number, so that the mean variance is 1.
 */
export const Images = Type.Object(
  {
    kind: Type.Literal('images'),
    dataset: Type.String({ minLength: 1, maxLength: 4096 }),
    resolution: Type.Optional(Type.Integer({ minimum: 1, maximum: 32, default: 7 })),
    channels: Type.Optional(Type.Integer({ minimum: 2, maximum: 16 })),
    limit: Type.Optional(Type.Integer({ minimum: 2, maximum: 10_000_000 })),
    views: ImageViews,
  },
  closed,
)
export type ImagesSpec = Static<typeof Images>
