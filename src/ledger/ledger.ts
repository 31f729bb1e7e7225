import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import { type JobState, mayFollow } from '../experiment/states.ts'
import { type EventBook, openEvents } from './events.ts'
import { listRuns, openRunReader, type RunPage, type RunQuery } from './pages.ts'
import { openResults, type ResultShelf } from './results.ts'
import type { ManifestSummary, NewRun, Reason, Run, Standing } from './run.ts'
import { migrate } from './schema.ts'

/** What changes beside the state. A field left out keeps its value. */
export interface Change {
  readonly crashes?: number
  readonly device?: string
  readonly engine?: string
  readonly progress?: Run['progress']
  readonly reason?: Reason
  readonly manifest?: ManifestSummary
  readonly result?: { readonly result: string; readonly trajectory: string }
}

/** What was asked and what became of it: the truth, of which the queue is a copy. One process writes it. */
export interface Ledger {
  readonly events: EventBook
  readonly results: ResultShelf
  /** Adds a run in state queued. A plain throw where the id is taken. @returns the id of its first event */
  post(run: NewRun, at: number): number
  /** Queues an ended run again as its next attempt, by compare-and-set. @returns the event's id, or null where that is not allowed */
  postAgain(
    id: string,
    attempt: number,
    next: { cohort: string; warnings: Run['warnings'] },
    at: number,
  ): number | null
  /** Gives a run another name (null keeps it) and more tags. */
  label(id: string, name: string | null, tags: readonly string[]): void
  find(id: string): Run | null
  standing(id: string): Standing | null
  /** Every run in one of the states, oldest change first. */
  standings(states: readonly JobState[]): Standing[]
  /** The runs of a queue job. */
  cohort(cohort: string): Standing[]
  list(query: RunQuery): RunPage
  counts(): Partial<Record<JobState, number>>
  /**
   * Moves a run by compare-and-set: only in this attempt, and only where the table of states allows it.
   * The event is kept in the same transaction. @returns the event's id, or null where nothing was moved
   */
  transition(id: string, attempt: number, to: JobState, change: Change, at: number): number | null
  /** Keeps a running attempt's progress, with an event where `kept`; null where the run has moved on. */
  progress(id: string, attempt: number, change: Change, at: number): number | null
  close(): void
}

/**
 * Opens the ledger at a path and makes it where it is missing. WAL with synchronous FULL: what was committed
 * survives a power cut.
 */
export function openLedger(path: string): Ledger {
  mkdirSync(dirname(path), { recursive: true })
  const database = new Database(path, { timeout: 5000 })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  migrate(database)
  const events = openEvents(database)
  const results = openResults(database)
  const reader = openRunReader(database)
  const { post, postAgain, label } = posts(database, events)
  const { transition, progress } = transitions(database, events, results)
  const writing = <A extends unknown[], R>(write: (id: string, ...rest: A) => R) => {
    return (id: string, ...rest: A): R => {
      reader.forget(id)
      return write(id, ...rest)
    }
  }
  const readStanding = database.prepare(`${STANDING} WHERE id = ?`)
  let open = true
  return {
    events,
    results,
    post,
    postAgain: writing(postAgain),
    label: writing(label),
    transition: writing(transition),
    progress: writing(progress),
    find: reader.find,
    standing: (id) => (readStanding.get(id) as Standing | undefined) ?? null,
    standings: (states) =>
      database
        .prepare(`${STANDING} WHERE state IN (${states.map(() => '?').join()}) ORDER BY changed_at`)
        .all(...states) as Standing[],
    cohort: (cohort) => database.prepare(`${STANDING} WHERE cohort = ?`).all(cohort) as Standing[],
    list: (query) => listRuns(database, query),
    counts: () => {
      const rows = database.prepare('SELECT state, count(*) AS n FROM runs GROUP BY state').all()
      return Object.fromEntries((rows as { state: JobState; n: number }[]).map((row) => [row.state, row.n]))
    },
    close: () => {
      if (open) database.close()
      open = false
    },
  }
}

const STANDING = 'SELECT id, state, attempt, crashes, cohort, changed_at AS "changedAt" FROM runs'

function posts(database: Database.Database, events: EventBook): Pick<Ledger, 'post' | 'postAgain' | 'label'> {
  const insert = database.prepare(
    `INSERT INTO runs (id, state, attempt, crashes, asked, spec, name, warnings, data_digest, cohort, progress,
       created_at, queued_at, changed_at)
     VALUES (?, 'queued', 1, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const again = database.prepare(
    `UPDATE runs SET state = 'queued', attempt = attempt + 1, crashes = 0, cohort = ?, warnings = ?,
       device = NULL, engine = NULL, reason = NULL, manifest = NULL, started_at = NULL, finished_at = NULL,
       progress = json_set(progress, '$.step', 0, '$.fraction', 0, '$.etaSeconds', NULL),
       queued_at = ?, changed_at = ?
     WHERE id = ? AND attempt = ? AND state = ?`,
  )
  const rename = database.prepare('UPDATE runs SET name = ? WHERE id = ?')
  const tag = database.prepare('INSERT OR IGNORE INTO tags (tag, run) VALUES (?, ?)')
  const state = database.prepare('SELECT state FROM runs WHERE id = ? AND attempt = ?')
  return {
    post: (run, at) =>
      database
        .transaction(() => {
          insert.run(
            run.id,
            JSON.stringify(run.asked),
            JSON.stringify(run.spec),
            run.name,
            JSON.stringify(run.warnings),
            run.dataDigest,
            run.cohort,
            JSON.stringify(run.progress),
            at,
            at,
            at,
          )
          for (const name of run.tags) tag.run(name, run.id)
          return events.append(run.id, 'state', at)
        })
        .immediate(),
    postAgain: (id, attempt, next, at) =>
      database
        .transaction(() => {
          const from = (state.get(id, attempt) as { state: JobState } | undefined)?.state
          if (from === undefined || !mayFollow(from, 'queued')) return null
          const warnings = JSON.stringify(next.warnings)
          if (again.run(next.cohort, warnings, at, at, id, attempt, from).changes !== 1) return null
          return events.append(id, 'state', at)
        })
        .immediate(),
    label: (id, name, tags) => {
      database
        .transaction(() => {
          if (name !== null) rename.run(name, id)
          for (const each of tags) tag.run(each, id)
        })
        .immediate()
    },
  }
}

function transitions(
  database: Database.Database,
  events: EventBook,
  results: ResultShelf,
): Pick<Ledger, 'transition' | 'progress'> {
  const read = database.prepare('SELECT state FROM runs WHERE id = ? AND attempt = ?')
  const update = database.prepare(
    `UPDATE runs SET state = @to, changed_at = CASE WHEN state = @to THEN changed_at ELSE @at END,
       crashes = coalesce(@crashes, crashes), device = coalesce(@device, device), engine = coalesce(@engine, engine),
       progress = coalesce(@progress, progress), reason = @reason, manifest = coalesce(@manifest, manifest),
       started_at = CASE WHEN @to IN ('starting', 'running') THEN coalesce(started_at, @at) ELSE started_at END,
       finished_at = CASE WHEN @to IN ('succeeded', 'failed', 'diverged', 'stopped', 'cancelled') THEN @at END
     WHERE id = @id AND attempt = @attempt AND state = @from`,
  )
  const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
  const set = (id: string, attempt: number, from: JobState, to: JobState, change: Change, at: number) =>
    update.run({
      id,
      attempt,
      from,
      to,
      at,
      crashes: change.crashes ?? null,
      device: change.device ?? null,
      engine: change.engine ?? null,
      progress: json(change.progress),
      reason: json(change.reason),
      manifest: json(change.manifest),
    }).changes === 1
  const stateOf = (id: string, attempt: number) =>
    (read.get(id, attempt) as { state: JobState } | undefined)?.state
  return {
    transition: (id, attempt, to, change, at) =>
      database
        .transaction(() => {
          const from = stateOf(id, attempt)
          if (from === undefined || !mayFollow(from, to)) return null
          if (!set(id, attempt, from, to, change, at)) return null
          if (change.result !== undefined) results.store(id, attempt, change.result)
          return events.append(id, 'state', at)
        })
        .immediate(),
    progress: (id, attempt, change, at) =>
      database
        .transaction(() => {
          const from = stateOf(id, attempt)
          if (from !== 'running') return null
          return set(id, attempt, from, from, change, at) ? events.append(id, 'progress', at) : null
        })
        .immediate(),
  }
}
