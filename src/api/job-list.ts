import { Type } from 'typebox'
import { JobView, State } from '../experiment/job-view.ts'

/** Which jobs to list, and a page of them. `after` is the `nextCursor` of the page before. */
export const ListQuery = Type.Object(
  {
    state: Type.Optional(State),
    sweep: Type.Optional(Type.String({ maxLength: 100 })),
    tag: Type.Optional(Type.String({ maxLength: 100 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
)

export const JobPage = Type.Object(
  { items: Type.Array(JobView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { $id: 'JobPage' },
)
