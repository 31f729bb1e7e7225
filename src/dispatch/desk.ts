import type { Progress } from '../experiment/job-view.ts'
import { ENDED, type JobState } from '../experiment/states.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Change } from '../ledger/transitions.ts'
import type { CohortQueue } from '../queue/queue.ts'
import type { AwaitedRun, RunReport } from '../report/stored-runs.ts'
import type { Bell } from './bell.ts'
import type { Herald } from './herald.ts'

/** The lines of a logger that are written here; pino's and Fastify's fit. */
export interface DispatchLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Runs of a cohort whose files are written. */
export interface ReportRequest {
  readonly cohort: string
  readonly runs: readonly AwaitedRun[]
}

/** Joins finished runs with theory, away from the event loop; an answer for each, in order. */
export type ReportOf = (request: ReportRequest) => Promise<RunReport[]>

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
  /** Rung whenever runs have ended. */
  readonly bell: Bell
}

/** A run to be moved. */
export interface Move {
  readonly id: string
  readonly attempt: number
  readonly to: JobState
  readonly change?: Change
}

/** Moves a run where the ledger allows it and tells the listeners. @returns whether it was moved */
export function move(desk: Desk, id: string, attempt: number, to: JobState, change: Change = {}): boolean {
  return moveAll(desk, [{ id, attempt, to, change }]) === 1
}

/** The same for some runs in one transaction; many of them come of the queue and the files, and are made again where they get lost. @returns how many were moved */
export function moveAll(desk: Desk, moves: readonly Move[]): number {
  const at = desk.clock()
  const together = moves.length > 1 ? desk.ledger.lightly : desk.ledger.atomically
  const events = together(() =>
    moves.map(({ id, attempt, to, change = {} }) => desk.ledger.transition(id, attempt, to, change, at)),
  )
  let moved = 0
  for (const [k, { id, attempt, to, change }] of moves.entries()) {
    const event = events[k]
    if (event == null) continue
    moved++
    if (to !== 'running') desk.live.delete(id)
    desk.herald.tellKept(event)
    const code = change?.reason?.code
    const level = to === 'failed' ? 'warn' : moves.length > 1 ? 'debug' : 'info'
    desk.log[level]({ jobId: id, attempt, state: to, ...(code && { code }) }, `job ${to}`)
  }
  if (moves.some(({ to }) => ENDED.has(to))) desk.bell.ring()
  return moved
}

/** Whether this attempt of a run is still to end. */
export function isOpen(desk: Desk, id: string, attempt: number): boolean {
  const standing = desk.ledger.standing(id)
  return standing !== null && standing.attempt === attempt && !ENDED.has(standing.state)
}

/** Runs whose rows are written in one go: a few ms of the event loop. */
const SLICE = 32

/** Works through many things a slice at a time, with a turn of the event loop between. */
export async function inSlices<T>(
  items: readonly T[],
  work: (slice: readonly T[]) => void,
  size = SLICE,
): Promise<void> {
  for (let from = 0; from < items.length; from += size) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve))
    work(items.slice(from, from + size))
  }
}

/** Moves many runs to one state, a slice at a time. */
export function moveMany(
  desk: Desk,
  runs: readonly Pick<Move, 'id' | 'attempt'>[],
  to: JobState,
  change: Change = {},
): Promise<void> {
  return inSlices(
    runs,
    (slice) =>
      void moveAll(
        desk,
        slice.map(({ id, attempt }) => ({ id, attempt, to, change })),
      ),
  )
}
