import type Database from 'libsql'
import type { JobState } from '../experiment/states.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type Run, type RunRow, toRun } from './run.ts'

/** Which runs to list, newest first. */
export interface RunQuery {
  readonly state?: JobState | undefined
  readonly tag?: string | undefined
  readonly sweep?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

export interface RunPage {
  readonly items: Run[]
  readonly nextCursor: string | null
}

const RUN = `SELECT runs.*, asked, spec, warnings, (SELECT json_group_array(tag) FROM tags WHERE run = runs.id) AS tags
  FROM runs JOIN specs ON specs.run = runs.id`

export interface RunReader {
  find(id: string): Run | null
  /** To be called before each write to a run. */
  forget(id: string): void
}

const KEPT = 1000

/**
 * Reads runs by id and keeps what it read until that run is written to: reading a job again and again is the most
 * frequent thing asked, and no other process writes.
 */
export function openRunReader(database: Database.Database): RunReader {
  const statement = database.prepare(`${RUN} WHERE id = ?`)
  const kept = new Map<string, Run>()
  const read = (id: string) => {
    const row = statement.get(id) as RunRow | undefined
    if (row === undefined) return null
    if (kept.size >= KEPT) kept.clear()
    const run = toRun(row)
    kept.set(id, run)
    return run
  }
  return { find: (id) => kept.get(id) ?? read(id), forget: (id) => void kept.delete(id) }
}

/** A large sweep's runs are met often on the way down the list: going through it ends sooner than sorting all of them. */
const IN_LARGE_SWEEP = 'EXISTS (SELECT 1 FROM sweep_runs AS s WHERE s.run = runs.id AND s.sweep = ?)'
const LARGE = 2000

function isLarge(database: Database.Database, sweep: string): boolean {
  const row = database.prepare('SELECT total FROM sweeps WHERE id = ?').get(sweep) as
    | { total: number }
    | undefined
  return (row?.total ?? 0) > LARGE
}

/** One page, in the order of (created_at, id) falling, so that new runs never shift the pages after it. */
export function listRuns(database: Database.Database, query: RunQuery): RunPage {
  const where: string[] = []
  const values: (string | number)[] = []
  if (query.state !== undefined) {
    where.push('state = ?')
    values.push(query.state)
  }
  if (query.tag !== undefined) {
    where.push('id IN (SELECT run FROM tags WHERE tag = ?)')
    values.push(query.tag)
  }
  if (query.sweep !== undefined) {
    where.push(
      isLarge(database, query.sweep) ? IN_LARGE_SWEEP : 'id IN (SELECT run FROM sweep_runs WHERE sweep = ?)',
    )
    values.push(query.sweep)
  }
  if (query.after !== undefined) {
    const { createdAt, id } = readCursor(query.after)
    where.push('(created_at, id) < (?, ?)')
    values.push(createdAt, id)
  }
  const filter = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const rows = database
    .prepare(`${RUN} ${filter} ORDER BY created_at DESC, id DESC LIMIT ?`)
    .all(...values, query.limit + 1) as RunRow[]
  const items = rows.slice(0, query.limit).map(toRun)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > query.limit && last !== undefined ? writeCursor(last) : null }
}
