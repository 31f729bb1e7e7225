import { Type } from 'typebox'
import { Axes } from '../experiment/sweep.ts'
import { SWEEP_STATES, type SweepState, SweepView } from '../experiment/sweep-view.ts'

const closed = { additionalProperties: false } as const

/** Which sweeps to list, and a page of them. `after` is the `nextCursor` of the page before. */
export const SweepListQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Unsafe<SweepState>(Type.Union(SWEEP_STATES.map((state) => Type.Literal(state)))),
    ),
    tag: Type.Optional(Type.String({ maxLength: 100 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.String({ maxLength: 200 })),
  },
  closed,
)

export const SweepPage = Type.Object(
  { items: Type.Array(SweepView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { $id: 'SweepPage' },
)

/** Axes of a sweep with values that it does not have yet. */
export const SweepExtension = Type.Object({ axes: Axes }, { ...closed, $id: 'SweepExtension' })

/** The path of a sweep. */
export const SweepId = Type.Object({ id: Type.String({ maxLength: 100 }) })
