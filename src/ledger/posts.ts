import type Database from 'libsql'
import { type JobState, mayFollow } from '../experiment/states.ts'
import type { Atomically } from './atomically.ts'
import type { EventBook } from './events.ts'
import type { NewRun, Run } from './run.ts'

/** How runs come into the ledger, and back into the queue. */
export interface Posts {
  /** Adds a run in state queued. A plain throw where the id is taken. @returns the id of its first event */
  post(run: NewRun, at: number): number
  /** Queues an ended run again as its next attempt, by compare-and-set. @returns the event's id, or null where that is not allowed */
  postAgain(
    id: string,
    attempt: number,
    next: { cohort: string; warnings: Run['warnings'] },
    at: number,
  ): number | null
  /** Somebody asks for a run by itself: gives it another name (null keeps it) and more tags. */
  label(id: string, name: string | null, tags: readonly string[]): void
}

export function openPosts(database: Database.Database, atomically: Atomically, events: EventBook): Posts {
  const insert = database.prepare(
    `INSERT INTO runs (id, state, attempt, crashes, name, data_digest, cohort, progress,
       alone, shape, seconds, bytes, created_at, queued_at, changed_at)
     VALUES (@id, 'queued', 1, 0, @name, @dataDigest, @cohort, @progress,
       @alone, @shape, @seconds, @bytes, @at, @at, @at)`,
  )
  const insertSpec = database.prepare('INSERT INTO specs (run, asked, spec, warnings) VALUES (?, ?, ?, ?)')
  const warn = database.prepare('UPDATE specs SET warnings = ? WHERE run = ?')
  const again = database.prepare(
    `UPDATE runs SET state = 'queued', attempt = attempt + 1, crashes = 0, cohort = ?,
       device = NULL, engine = NULL, reason = NULL, manifest = NULL, started_at = NULL, finished_at = NULL,
       progress = json_remove(json_set(progress, '$.step', 0, '$.fraction', 0, '$.etaSeconds', NULL), '$.collapse'),
       queued_at = ?, changed_at = ?
     WHERE id = ? AND attempt = ? AND state = ?`,
  )
  const rename = database.prepare('UPDATE runs SET name = coalesce(?, name), alone = 1 WHERE id = ?')
  const tag = database.prepare('INSERT OR IGNORE INTO tags (tag, run) VALUES (?, ?)')
  const state = database.prepare('SELECT state FROM runs WHERE id = ? AND attempt = ?')
  return {
    post: (run, at) =>
      atomically(() => {
        insert.run({
          id: run.id,
          name: run.name,
          dataDigest: run.dataDigest,
          cohort: run.cohort,
          progress: JSON.stringify(run.progress),
          alone: run.alone ? 1 : 0,
          shape: run.shape,
          seconds: run.seconds,
          bytes: run.bytes,
          at,
        })
        const [asked, spec, warnings] = [run.asked, run.spec, run.warnings].map((part) =>
          JSON.stringify(part),
        )
        insertSpec.run(run.id, asked, spec, warnings)
        for (const name of run.tags) tag.run(name, run.id)
        return events.append(run.id, 'state', at)
      }),
    postAgain: (id, attempt, next, at) =>
      atomically(() => {
        const from = (state.get(id, attempt) as { state: JobState } | undefined)?.state
        if (from === undefined || !mayFollow(from, 'queued')) return null
        if (again.run(next.cohort, at, at, id, attempt, from).changes !== 1) return null
        warn.run(JSON.stringify(next.warnings), id)
        return events.append(id, 'state', at)
      }),
    label: (id, name, tags) =>
      atomically(() => {
        rename.run(name, id)
        for (const each of tags) tag.run(each, id)
      }),
  }
}
