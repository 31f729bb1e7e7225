import type { Progress } from '../experiment/job-view.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import { ENDED, type JobState } from '../experiment/states.ts'
import type { Change, Ledger } from '../ledger/ledger.ts'
import type { ManifestSummary } from '../ledger/run.ts'
import type { CohortQueue } from '../queue/queue.ts'
import type { Herald } from './herald.ts'

/** The lines of a logger that are written here; pino's and Fastify's fit. */
export interface DispatchLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A run whose files are written. */
export interface FinishedRun {
  readonly id: string
  readonly attempt: number
  readonly spec: ResolvedSpec
  readonly manifest: ManifestSummary
}

/**
 * Joins a finished run with theory, away from the event loop.
 *
 * @returns the JSON texts of its ResultView and TrajectoryView
 */
export type ReportOf = (run: FinishedRun) => Promise<{ result: string; trajectory: string }>

/** What the parts of the dispatch work on together. */
export interface Desk {
  readonly ledger: Ledger
  readonly queue: CohortQueue
  readonly artifactsRoot: string
  readonly report: ReportOf
  /** Time of day in milliseconds since 1970 UTC. */
  readonly clock: () => number
  readonly log: DispatchLog
  readonly herald: Herald
  /** Progress of runs in training that is newer than the ledger's. */
  readonly live: Map<string, Progress>
}

/** Moves a run where the ledger allows it and tells the listeners. @returns whether it was moved */
export function move(desk: Desk, id: string, attempt: number, to: JobState, change: Change = {}): boolean {
  const event = desk.ledger.transition(id, attempt, to, change, desk.clock())
  if (event === null) return false
  if (to !== 'running') desk.live.delete(id)
  desk.herald.tellKept(event)
  const { code } = change.reason ?? {}
  desk.log[to === 'failed' ? 'warn' : 'info'](
    { jobId: id, attempt, state: to, ...(code && { code }) },
    `job ${to}`,
  )
  return true
}

/** Whether this attempt of a run is still to end. */
export function isOpen(desk: Desk, id: string, attempt: number): boolean {
  const standing = desk.ledger.standing(id)
  return standing !== null && standing.attempt === attempt && !ENDED.has(standing.state)
}
