import { ExperimentError } from '../experiment/failure.ts'
import type { Progress } from '../experiment/job-view.ts'
import { ENDED } from '../experiment/states.ts'
import type { RunProgress } from '../queue/cohort-job.ts'
import type { QueueListener } from '../queue/queue.ts'
import type { Commits } from './commit.ts'
import { type Desk, inSlices, type Move, moveAll, moveMany } from './desk.ts'

/** Progress is kept, as an event too, when it grew by a hundredth and a second has passed, or a representation has collapsed; the rest is only passed on. */
const KEPT_SHARE = 0.01
const KEPT_MS = 1000
/** Of a larger cohort progress is passed on and not kept: it lasts seconds. */
const SMALL = 8

/** Takes over what the queue tells: which cohorts have started, how far they are, how they ended. */
export function followQueue(
  desk: Desk,
  commits: Commits,
  reconcile: () => void,
): QueueListener & {
  /** The same for progress that was found rather than heard. */
  adopt(changes: readonly RunProgress[]): Promise<void>
} {
  const kept = new Map<string, Kept>()
  const moveOf = (change: RunProgress, isSmall: boolean): Move | null => {
    const standing = desk.ledger.standing(change.id)
    if (standing?.attempt !== change.attempt || ENDED.has(standing.state)) return null
    const { id, attempt, crashes, phase, engine, device, progress } = change
    if (phase !== 'running') {
      kept.delete(id)
      return standing.state === phase ? null : { id, attempt, to: phase, change: { crashes } }
    }
    if (standing.state === 'running') {
      if (progress !== null) noteProgress(desk, isSmall ? kept : null, change, progress)
      return null
    }
    if (standing.state === 'cancelling') return null
    const place = { ...(engine !== null && { engine }), ...(device !== null && { device }) }
    return {
      id,
      attempt,
      to: 'running',
      change: { crashes, ...place, ...(progress !== null && { progress }) },
    }
  }
  const adopt = (changes: readonly RunProgress[]) =>
    inSlices(changes, (slice) =>
      desk.ledger.lightly(
        () =>
          void moveAll(
            desk,
            slice.flatMap((change) => moveOf(change, changes.length <= SMALL) ?? []),
          ),
      ),
    )
  // What the queue tells comes in order, and is taken over in order, though a slice at a time.
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void> | void) => {
    turn = turn
      .then(work)
      .catch((error) => desk.log.error({ err: error }, 'word of the queue not taken over'))
  }
  const commitLater = (cohort: string, work: Promise<void>) =>
    void work.catch((error) => desk.log.error({ cohort, err: error }, 'cohort not committed'))
  return {
    adopt,
    started: (cohort) =>
      inTurn(() => {
        const runs = desk.ledger.cohort(cohort)
        if (runs.length > SMALL) return // they tell in the next moment that they run
        const waiting = runs.filter(({ state }) => state === 'queued' || state === 'recovering')
        moveAll(
          desk,
          waiting.map(({ id, attempt }) => ({ id, attempt, to: 'starting' })),
        )
      }),
    progress: (cohort, { runs, ended }) =>
      inTurn(async () => {
        await adopt(runs)
        if (ended !== undefined) commitLater(cohort, commits.ended(cohort, ended))
      }),
    lost: (cohort) =>
      inTurn(() => {
        const taken = desk.ledger
          .cohort(cohort)
          .filter(({ state }) => state === 'starting' || state === 'running')
        return moveMany(desk, taken, 'recovering')
      }),
    ended: (cohort, digest) =>
      inTurn(() => {
        for (const { id } of digest.runs) kept.delete(id)
        commitLater(cohort, commits.cohort(cohort, digest))
      }),
    failed: (cohort, why) =>
      inTurn(() => {
        desk.log.error({ cohort, why }, 'cohort failed in its worker')
        const { code, message } = new ExperimentError('INTERNAL', {})
        const runs = desk.ledger.cohort(cohort)
        for (const { id } of runs) kept.delete(id)
        return moveMany(desk, runs, 'failed', { reason: { code, message } })
      }),
    connected: reconcile,
  }
}

interface Kept {
  readonly fraction: number
  readonly at: number
  readonly collapsed: boolean
}

function noteProgress(
  desk: Desk,
  kept: Map<string, Kept> | null,
  { id, attempt }: RunProgress,
  progress: Progress,
): void {
  const at = desk.clock()
  desk.live.set(id, progress)
  const last = kept?.get(id) ?? { fraction: 0, at: 0, collapsed: false }
  const collapsed = progress.collapse !== undefined
  const older = progress.fraction < last.fraction // a new attempt, or a restart
  if (
    kept === null ||
    (!older &&
      collapsed === last.collapsed &&
      (progress.fraction - last.fraction < KEPT_SHARE || at - last.at < KEPT_MS))
  ) {
    desk.herald.tellLive(id, at, { state: 'running', attempt, progress, reason: null })
    return
  }
  kept.set(id, { fraction: progress.fraction, at, collapsed })
  const event = desk.ledger.progress(id, attempt, { progress }, at)
  if (event !== null) desk.herald.tellKept(event)
}
