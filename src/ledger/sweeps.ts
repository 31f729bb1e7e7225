import type Database from 'libsql'
import type { JobState } from '../experiment/states.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { Point, SweepState } from '../experiment/sweep-view.ts'
import type { Atomically } from './atomically.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { Posts } from './posts.ts'
import type { NewRun, Standing } from './run.ts'
import { OPEN_STATES } from './schema.ts'
import { labelled, type Sweep, type SweepEnd, type SweepRow, toSweep } from './sweep.ts'
import { type ReadSweepRuns, sweepRunsOf } from './sweep-runs.ts'

/** A point of a sweep made ready: its run, which may be there already. */
export interface AdmittedPoint {
  readonly position: number
  readonly point: Point
  readonly run: NewRun
}

export interface SweepQuery {
  readonly state?: SweepState | undefined
  readonly tag?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

/** What was asked of many runs at once, and what became of it. */
export interface SweepBook {
  post(id: string, spec: SweepSpec, points: number, at: number): void
  /** Begins a sweep anew with other axes, or as it is: its runs are linked again, and what has a result is kept. */
  restart(id: string, spec: SweepSpec, points: number): void
  /** Gives a sweep another name and more tags, where the spec has them. */
  label(id: string, spec: SweepSpec): void
  find(id: string): Sweep | null
  list(query: SweepQuery): { items: Sweep[]; nextCursor: string | null }
  /** Sweeps that have not ended, oldest first. */
  live(): Sweep[]
  /** Adds the runs of some points, queues again those that failed or were cancelled, and links all. @returns ids of events */
  admit(id: string, points: readonly AdmittedPoint[], at: number): number[]
  /** A search asks for more points. */
  addPoints(id: string, count: number): void
  setState(id: string, state: SweepState, at: number): void
  end(id: string, end: SweepEnd, at: number): void
  counts(id: string): Partial<Record<JobState, number>>
  /** The JSON text of the SweepAnalysis, or null. */
  analysis(id: string): string | null
  runs: ReadSweepRuns
  /** The sweeps that ask for a run. */
  claiming(run: string): string[]
  /** Runs of the sweep still to end that nobody else asks for. */
  toCancel(id: string, limit: number): Standing[]
}

const REMEMBERED = 16

/** All but the analysis, which may have megabytes. */
const SWEEP =
  'SELECT id, state, spec, revision, cursor, points, total, reason, created_at, started_at, finished_at FROM sweeps'

export function openSweepBook(
  database: Database.Database,
  atomically: Atomically,
  { post, postAgain }: Pick<Posts, 'post' | 'postAgain'>,
): SweepBook {
  const one = (sql: string) => database.prepare(sql)
  const insert = one(
    `INSERT INTO sweeps (id, state, spec, cursor, points, total, created_at) VALUES (?, 'queued', ?, 0, ?, 0, ?)`,
  )
  const tag = one('INSERT OR IGNORE INTO sweep_tags (tag, sweep) VALUES (?, ?)')
  const relabel = one('UPDATE sweeps SET spec = ? WHERE id = ?')
  const remember = one(
    `INSERT OR IGNORE INTO sweep_former_runs (sweep, run) SELECT sweep, run FROM sweep_runs JOIN runs ON runs.id = run
     WHERE sweep = ? AND runs.state IN ${OPEN_STATES}`,
  )
  const forget = one('DELETE FROM sweep_former_runs WHERE sweep = ?')
  const unlink = one('DELETE FROM sweep_runs WHERE sweep = ?')
  const uncount = one('DELETE FROM sweep_counts WHERE sweep = ?')
  const again = one(
    `UPDATE sweeps SET state = 'queued', spec = ?, revision = revision + 1, cursor = 0, points = ?, total = 0, reason = NULL, analysis = NULL,
       started_at = NULL, finished_at = NULL WHERE id = ?`,
  )
  const find = one(`${SWEEP} WHERE id = ?`)
  const live = one(`${SWEEP} WHERE state IN ('queued', 'running', 'cancelling') ORDER BY created_at, id`)
  const link = one('INSERT OR IGNORE INTO sweep_runs (sweep, position, run, point) VALUES (?, ?, ?, ?)')
  const advance = one('UPDATE sweeps SET cursor = cursor + ? WHERE id = ?')
  const more = one('UPDATE sweeps SET points = points + ? WHERE id = ?')
  const move = one(
    "UPDATE sweeps SET state = ?1, started_at = CASE WHEN ?1 = 'running' THEN coalesce(started_at, ?2) ELSE started_at END WHERE id = ?3",
  )
  const finish = one('UPDATE sweeps SET state = ?, reason = ?, analysis = ?, finished_at = ? WHERE id = ?')
  const counts = one('SELECT state, n FROM sweep_counts WHERE sweep = ? AND n > 0')
  const analysis = one('SELECT analysis FROM sweeps WHERE id = ?')
  const claiming = one('SELECT sweep FROM sweep_runs WHERE run = ? ORDER BY sweep')
  const standing = one('SELECT attempt, state FROM runs WHERE id = ?')
  const othersIn = (table: string) => `EXISTS (SELECT 1 FROM ${table} AS o JOIN sweeps ON sweeps.id = o.sweep
    WHERE o.run = s.run AND o.sweep <> ?1 AND sweeps.state IN ('queued', 'running'))`
  const toCancelIn = (table: string) =>
    one(
      `SELECT runs.id, runs.state, attempt, crashes, cohort, changed_at AS "changedAt"
       FROM ${table} AS s JOIN runs ON runs.id = s.run
       WHERE s.sweep = ?1 AND alone = 0 AND runs.state NOT IN ('succeeded', 'failed', 'diverged', 'stopped', 'cancelled', 'cancelling')
         AND NOT ${othersIn('sweep_runs')} AND NOT ${othersIn('sweep_former_runs')}
       LIMIT ?2`,
    )
  const [linkedToCancel, formerToCancel] = [toCancelIn('sweep_runs'), toCancelIn('sweep_former_runs')]
  // A sweep is looked at for each slice of its points, and its axes may hold megabytes of values.
  const specs = new Map<string, { text: string; spec: SweepSpec }>()
  const specOf = ({ id, spec: text }: SweepRow): SweepSpec => {
    const known = specs.get(id)
    if (known?.text === text) return known.spec
    if (specs.size >= REMEMBERED) specs.clear()
    const spec = JSON.parse(text) as SweepSpec
    specs.set(id, { text, spec })
    return spec
  }
  const tagAll = (id: string, spec: SweepSpec) => {
    for (const each of spec.tags ?? []) tag.run(each, id)
  }
  const admitOne = ({ run }: AdmittedPoint, at: number): number | null => {
    const found = standing.get(run.id) as { attempt: number; state: JobState } | undefined
    if (found === undefined) return post(run, at)
    const isOver = found.state === 'failed' || found.state === 'cancelled' || found.state === 'stopped'
    return isOver ? postAgain(run.id, found.attempt, run, at) : null
  }
  return {
    post: (id, spec, points, at) =>
      atomically(() => {
        insert.run(id, JSON.stringify(spec), points, at)
        tagAll(id, spec)
      }),
    restart: (id, spec, points) =>
      atomically(() => {
        remember.run(id)
        unlink.run(id)
        uncount.run(id)
        again.run(JSON.stringify(spec), points, id)
        tagAll(id, spec)
      }),
    label: (id, spec) =>
      atomically(() => {
        const row = find.get(id) as SweepRow
        relabel.run(JSON.stringify(labelled(specOf(row), spec)), id)
        tagAll(id, spec)
      }),
    find: (id) => {
      const row = find.get(id) as SweepRow | undefined
      return row === undefined ? null : toSweep(row, specOf(row))
    },
    list: (query) => listSweeps(database, query),
    live: () => (live.all() as SweepRow[]).map((row) => toSweep(row, specOf(row))),
    admit: (id, points, at) =>
      atomically(() => {
        const events: number[] = []
        for (const each of points) {
          const event = admitOne(each, at)
          if (event !== null) events.push(event)
          link.run(id, each.position, each.run.id, JSON.stringify(each.point))
        }
        advance.run(points.length, id)
        return events
      }),
    addPoints: (id, count) => void more.run(count, id),
    setState: (id, state, at) => void move.run(state, at, id),
    end: (id, { state, reason, analysis: made }, at) =>
      atomically(() => {
        finish.run(state, reason === null ? null : JSON.stringify(reason), JSON.stringify(made), at, id)
        forget.run(id)
      }),
    counts: (id) =>
      Object.fromEntries(
        (counts.all(id) as { state: JobState; n: number }[]).map(({ state, n }) => [state, n]),
      ),
    analysis: (id) => (analysis.get(id) as { analysis: string | null } | undefined)?.analysis ?? null,
    runs: sweepRunsOf(database),
    claiming: (run) => (claiming.all(run) as { sweep: string }[]).map(({ sweep }) => sweep),
    toCancel: (id, limit) => {
      const linked = linkedToCancel.all(id, limit) as Standing[]
      return linked.length > 0 ? linked : (formerToCancel.all(id, limit) as Standing[])
    },
  }
}

/** One page, newest first. */
function listSweeps(database: Database.Database, { state, tag, after, limit }: SweepQuery) {
  const where: string[] = []
  const values: (string | number)[] = []
  const demand = (sql: string, ...given: (string | number)[]) => {
    where.push(sql)
    values.push(...given)
  }
  if (state !== undefined) demand('state = ?', state)
  if (tag !== undefined) demand('id IN (SELECT sweep FROM sweep_tags WHERE tag = ?)', tag)
  if (after !== undefined) {
    const { createdAt, id } = readCursor(after)
    demand('(created_at, id) < (?, ?)', createdAt, id)
  }
  const filter = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const rows = database
    .prepare(`${SWEEP} ${filter} ORDER BY created_at DESC, id DESC LIMIT ?`)
    .all(...values, limit + 1) as SweepRow[]
  const items = rows.slice(0, limit).map((row) => toSweep(row, JSON.parse(row.spec)))
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? writeCursor(last) : null }
}
