import { type Static, Type } from 'typebox'

/**
 * Data made from known latents by a fixed nonlinear generator. λ and ρ are those of the latents (of each, or of each
 * level): E[z z'] = λ and E[z²] = E[z'²] = λ/ρ over the latents z and z' behind two views x = g(z), y = g(z').
 */
const closed = { additionalProperties: false } as const
const MAX_LATENTS = 256
const MAX_LEVELS = 8

const each = (maxItems: number) => Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 1, maxItems })
const slope = Type.Number({ minimum: 0.01, maximum: 1, default: 0.2 })

const shared = {
  kind: Type.Literal('nonlinear'),
  /** Of the generator's random weights, and of the samples where they are stored. */
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })),
  /** A stored set of that many samples, drawn with replacement; left out, samples are never repeated. */
  samples: Type.Optional(Type.Integer({ minimum: 2, maximum: 10_000_000 })),
  /** Variance of independent Gaussian noise on each entry of each view, in the unit of x's. */
  noise: Type.Optional(Type.Number({ minimum: 0, maximum: 1e6, default: 0 })),
}

/**
 * Independent Gaussian latents through a random injective network of orthogonal matrices with leaky rectifiers of
 * negative `slope` between them: `layers` matrices, the first to `dimension` coordinates (as many as latents where left out).
 */
export const Mixing = Type.Object(
  {
    ...shared,
    family: Type.Literal('mixing'),
    lambda: each(MAX_LATENTS),
    rho: each(MAX_LATENTS),
    dimension: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LATENTS })),
    layers: Type.Optional(Type.Integer({ minimum: 1, maximum: 8, default: 3 })),
    slope: Type.Optional(slope),
  },
  closed,
)

/**
 * A tree of Gaussian latents, one a node, with λ and ρ per level, coarsest first. A random teacher turns the state of a node
 * and the latent of each of its `branching` children into the child's state of `channels` numbers; the leaves' states are x.
 */
export const Hierarchical = Type.Object(
  {
    ...shared,
    family: Type.Literal('hierarchical'),
    lambda: each(MAX_LEVELS),
    rho: each(MAX_LEVELS),
    branching: Type.Optional(Type.Integer({ minimum: 2, maximum: 8, default: 2 })),
    channels: Type.Optional(Type.Integer({ minimum: 2, maximum: 64, default: 4 })),
    slope: Type.Optional(slope),
  },
  closed,
)

/** What may vary in a rendered scene: one shape before a grating. */
const Factor = Type.Union([
  Type.Literal('position-x'),
  Type.Literal('position-y'),
  Type.Literal('size'),
  Type.Literal('shape'),
  Type.Literal('brightness'),
  Type.Literal('colour'),
  Type.Literal('background'),
  Type.Literal('texture-phase'),
  Type.Literal('texture-contrast'),
])
export type Factor = Static<typeof Factor>
const FACTORS = 9

/**
 * Rendered images of one anti-aliased shape before a grating, of `size` × `size` pixels. Each listed factor is uniform over a
 * range of variance λ/ρ (unit: its whole range has variance 1), and is the same in both views with probability ρ, else drawn anew.
 */
export const Factors = Type.Object(
  {
    ...shared,
    family: Type.Literal('factors'),
    factors: Type.Array(Factor, {
      minItems: 1,
      maxItems: FACTORS,
      uniqueItems: true,
    }),
    lambda: each(FACTORS),
    rho: each(FACTORS),
    size: Type.Optional(Type.Integer({ minimum: 4, maximum: 32, default: 16 })),
    channels: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)], { default: 1 })),
  },
  closed,
)
