import { type Static, Type } from 'typebox'
import { CLAIMS } from './claims.ts'
import { ExperimentSpec } from './spec.ts'

/**
 * What a researcher asks for when one run is not the answer: many runs that differ along axes, or a question whose
 * answer flips along a curve. Field names are fixed by the public contract.
 */
const closed = { additionalProperties: false } as const
const range = Type.Tuple([Type.Number(), Type.Number()])
const count = Type.Integer({ minimum: 1, maximum: 1_000_000 })

/**
 * The values of one field: a list of them (any JSON, so that fields which belong together may vary together under the path
 * of the object that holds them), evenly spaced numbers on a log or a linear scale with both ends, or n seeds from base.seed on.
 */
export const Axis = Type.Union([
  Type.Array(Type.Unknown(), { minItems: 1, maxItems: 1_000_000 }),
  Type.Object({ log: range, count: Type.Optional(count) }, closed),
  Type.Object({ linear: range, count: Type.Optional(count) }, closed),
  Type.Object({ seeds: count }, closed),
])
export type Axis = Static<typeof Axis>

/** Dotted paths in the spec, the slowest first: `model.depth`, `data.rho.0`. */
export const Axes = Type.Record(
  Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]*(\\.[A-Za-z0-9]+)*$' }),
  Axis,
  closed,
)
export type Axes = Static<typeof Axes>

/** What a boundary search asks of each run: feature I comes first; learning is greedy; feature I collapses; JEPA and MAE order the features differently. */
export const Question = Type.String({
  pattern: '^(first-feature-is:\\d{1,4}|collapses:\\d{1,4}|greedy|orders-differ)$',
})

export const SweepSpec = Type.Object(
  {
    base: ExperimentSpec,
    axes: Axes,
    search: Type.Optional(
      Type.Union([Type.Literal('grid'), Type.Literal('random'), Type.Literal('boundary')], {
        default: 'grid',
      }),
    ),
    /** Points of a random search. */
    count: Type.Optional(count),
    question: Type.Optional(Question),
    /** Of a boundary: relative on log axes, a share of the span on linear ones. */
    tolerance: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.5, default: 0.01 })),
    /** What the sweep is to decide; the result then ends in a verdict. */
    claim: Type.Optional(Type.Unsafe<ClaimName>(Type.Union(CLAIMS.map((claim) => Type.Literal(claim))))),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50, uniqueItems: true }),
    ),
  },
  { ...closed, $id: 'SweepSpec' },
)
export type SweepSpec = Static<typeof SweepSpec>

export type ClaimName = (typeof CLAIMS)[number]
