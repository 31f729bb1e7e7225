import { type Static, Type } from 'typebox'
import { DatasetView } from '../experiment/dataset-view.ts'
import { readCursor, writeCursor } from '../ledger/cursor.ts'

/** The path of a registered set: its id, or one of its names. */
export const DatasetId = Type.Object({ id: Type.String({ maxLength: 100 }) })

/** A page of the sets. `after` is the `nextCursor` of the page before. */
export const DatasetListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
)

export const DatasetPage = Type.Object(
  { items: Type.Array(DatasetView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { $id: 'DatasetPage' },
)

const DEFAULT_LIMIT = 100

/** @param sets all of them, the newest first. @throws SCHEMA_MISMATCH where `after` is no cursor */
export function pageOf(
  sets: readonly DatasetView[],
  { limit = DEFAULT_LIMIT, after }: Static<typeof DatasetListQuery>,
): Static<typeof DatasetPage> {
  const place = after === undefined ? null : readCursor(after)
  const isLater = ({ createdAt, id }: DatasetView) => {
    const at = Date.parse(createdAt)
    return place === null || at < place.createdAt || (at === place.createdAt && id < place.id)
  }
  const rest = sets.filter(isLater)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  const more = last !== undefined && rest.length > limit
  return { items, nextCursor: more ? writeCursor({ ...last, createdAt: Date.parse(last.createdAt) }) : null }
}
