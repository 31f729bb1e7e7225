import type Database from 'libsql'
import { type JobState, mayFollow } from '../experiment/states.ts'
import type { Atomically } from './atomically.ts'
import type { EventBook } from './events.ts'
import type { ResultShelf } from './results.ts'
import type { ManifestSummary, Reason, Run } from './run.ts'

/** What changes beside the state. A field left out keeps its value. */
export interface Change {
  readonly crashes?: number
  readonly device?: string
  readonly engine?: string
  readonly progress?: Run['progress']
  readonly reason?: Reason
  readonly manifest?: ManifestSummary
  /** The JSON text of the run's ResultView. */
  readonly result?: string
}

/** How runs move from state to state. */
export interface Transitions {
  /**
   * Moves a run by compare-and-set: only in this attempt, and only where the table of states allows it.
   * The event is kept in the same transaction. @returns the event's id, or null where nothing was moved
   */
  transition(id: string, attempt: number, to: JobState, change: Change, at: number): number | null
  /** Keeps a running attempt's progress, with an event where `kept`; null where the run has moved on. */
  progress(id: string, attempt: number, change: Change, at: number): number | null
}

export function openTransitions(
  database: Database.Database,
  atomically: Atomically,
  events: EventBook,
  results: ResultShelf,
): Transitions {
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
      atomically(() => {
        const from = stateOf(id, attempt)
        if (from === undefined || !mayFollow(from, to)) return null
        if (!set(id, attempt, from, to, change, at)) return null
        if (change.result !== undefined) results.store(id, attempt, change.result)
        return events.append(id, 'state', at)
      }),
    progress: (id, attempt, change, at) =>
      atomically(() => {
        const from = stateOf(id, attempt)
        if (from !== 'running') return null
        return set(id, attempt, from, from, change, at) ? events.append(id, 'progress', at) : null
      }),
  }
}
