import { type Static, Type } from 'typebox'
import { Images, keep, MaskTarget } from './image-spec.ts'
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
