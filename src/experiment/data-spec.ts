import { type Static, Type } from 'typebox'
import { Factors, Hierarchical, Mixing } from './nonlinear-spec.ts'

/**
 * What a run learns from. Every kind resolves to a pair of zero-mean views (x, y) with
 * Sxx = E[xx'], Syx = E[yx'], Syy = E[yy'] (docs/theory.md §1, §5). Vectors have one
 * entry per feature; matrices are row-major lists of rows.
 */
const closed = { additionalProperties: false } as const
const MAX_FEATURES = 1024

const numbers = Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_FEATURES })
const positives = Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 1, maxItems: MAX_FEATURES })
const nonNegatives = Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: MAX_FEATURES })
const probabilities = Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), {
  minItems: 1,
  maxItems: MAX_FEATURES,
})
const matrix = Type.Array(Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_FEATURES }), {
  minItems: 1,
  maxItems: MAX_FEATURES,
})
const seed = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })
const lag = Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })
const keep = Type.Number({ exclusiveMinimum: 0, maximum: 1 })

const Rotation = Type.Union([
  Type.Object({ kind: Type.Literal('identity') }, closed),
  Type.Object({ kind: Type.Literal('haar'), seed: Type.Optional(seed) }, closed),
])

const Gaussian = Type.Object(
  {
    kind: Type.Literal('gaussian'),
    lambda: numbers,
    rho: numbers,
    sigmaY2: Type.Optional(nonNegatives),
    rotation: Type.Optional(Rotation),
  },
  closed,
)

const StaticNoise = Type.Object(
  {
    kind: Type.Literal('static-noise'),
    alpha: positives,
    nu: nonNegatives,
    target: Type.Optional(
      Type.Union([Type.Literal('independent'), Type.Literal('clean')], { default: 'independent' }),
    ),
  },
  closed,
)

const FeatureMask = Type.Object(
  {
    kind: Type.Literal('feature-mask'),
    alpha: positives,
    keep: probabilities,
    target: Type.Optional(
      Type.Union([Type.Literal('independent'), Type.Literal('full')], { default: 'independent' }),
    ),
  },
  closed,
)

const MaskTarget = Type.Union(
  [Type.Literal('independent'), Type.Literal('complement'), Type.Literal('full')],
  { default: 'independent' },
)

const PixelMask = Type.Object(
  { kind: Type.Literal('pixel-mask'), C: matrix, keep, target: Type.Optional(MaskTarget) },
  closed,
)

const RandomProjection = Type.Object(
  {
    kind: Type.Literal('random-projection'),
    alpha: positives,
    rank: Type.Integer({ minimum: 1, maximum: MAX_FEATURES }),
  },
  closed,
)

const Temporal = Type.Object(
  {
    kind: Type.Literal('temporal'),
    alpha: positives,
    gamma: Type.Array(Type.Number({ exclusiveMinimum: -1, exclusiveMaximum: 1 }), {
      minItems: 1,
      maxItems: MAX_FEATURES,
    }),
    nu: nonNegatives,
    lag: Type.Optional(lag),
  },
  closed,
)

const LinearSystem = Type.Object(
  {
    kind: Type.Literal('linear-system'),
    A: matrix,
    C: matrix,
    Q: matrix,
    R: matrix,
    lag: Type.Optional(lag),
  },
  closed,
)

const Covariance = Type.Object(
  { kind: Type.Literal('covariance'), Sxx: matrix, Syx: matrix, Syy: Type.Optional(matrix) },
  closed,
)

/**
 * How an image becomes two views. `noise` adds independent Gaussian noise of variance `nu` (unit: mean
 * pixel variance of the set): the same for each pixel, or growing linearly to nu·(1 + ramp) across the
 * pixels, or, with covariance in proportion to C^power (C the pixels' own), loudest along the images'
 * leading components and of mean variance `nu`; `pixel-mask` keeps each pixel with probability `keep`; `crop` cuts two independent windows of
 * `size` × `size` pixels.
 */
const ImageViews = Type.Union([
  Type.Object(
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
  ),
  Type.Object({ kind: Type.Literal('pixel-mask'), keep, target: Type.Optional(MaskTarget) }, closed),
  Type.Object({ kind: Type.Literal('crop'), size: Type.Integer({ minimum: 1, maximum: 32 }) }, closed),
])

/**
 * A real image set. `dataset` is a registered name (`mnist`, `fashion-mnist`) or the path of an IDX
 * (.gz or not) or npz file on the server. Pixels are averaged down to `resolution` × `resolution`,
 * centred on the mean image and divided by one number, so that the mean pixel variance is 1.
 */
const Images = Type.Object(
  {
    kind: Type.Literal('images'),
    dataset: Type.String({ minLength: 1, maxLength: 4096 }),
    resolution: Type.Optional(Type.Integer({ minimum: 1, maximum: 32, default: 7 })),
    limit: Type.Optional(Type.Integer({ minimum: 2, maximum: 10_000_000 })),
    views: ImageViews,
  },
  closed,
)

export const DataSpec = Type.Union(
  [
    Gaussian,
    StaticNoise,
    FeatureMask,
    PixelMask,
    RandomProjection,
    Temporal,
    LinearSystem,
    Covariance,
    Mixing,
    Hierarchical,
    Factors,
    Images,
  ],
  { $id: 'DataSpec' },
)
export type DataSpec = Static<typeof DataSpec>
/** Kinds whose pairs (x, y) are jointly Gaussian, so that their second moments are all there is to know of them. */
const GAUSSIAN: Readonly<Record<DataSpec['kind'], boolean>> = {
  gaussian: true,
  'static-noise': true,
  'feature-mask': false,
  'pixel-mask': false,
  'random-projection': false,
  temporal: true,
  'linear-system': true,
  covariance: true,
  nonlinear: false,
  images: false,
}

/** Whether x and y are jointly Gaussian. */
export function isGaussian({ kind }: DataSpec): boolean {
  return GAUSSIAN[kind]
}

export type DataOfKind<K extends DataSpec['kind']> = Extract<DataSpec, { kind: K }>
