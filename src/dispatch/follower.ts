import { ExperimentError } from '../experiment/failure.ts'
import type { Progress } from '../experiment/job-view.ts'
import { ENDED } from '../experiment/states.ts'
import type { RunProgress } from '../queue/cohort-job.ts'
import type { QueueListener } from '../queue/queue.ts'
import type { Commits } from './commit.ts'
import { type Desk, move } from './desk.ts'

/** Progress is kept, as an event too, when it grew by a hundredth and a second has passed; the rest is only passed on. */
const KEPT_SHARE = 0.01
const KEPT_MS = 1000

/** Takes over what the queue tells: which cohorts have started, how far they are, how they ended. */
export function followQueue(
  desk: Desk,
  commits: Commits,
  reconcile: () => void,
): QueueListener & {
  /** The same for progress that was found rather than heard. */
  adopt(change: RunProgress): void
} {
  const kept = new Map<string, { fraction: number; at: number }>()
  const adopt = (change: RunProgress) => {
    const standing = desk.ledger.standing(change.id)
    if (standing?.attempt !== change.attempt || ENDED.has(standing.state)) return
    const { id, attempt, crashes, phase } = change
    if (phase !== 'running') {
      if (standing.state !== phase) move(desk, id, attempt, phase, { crashes })
      kept.delete(id)
    } else if (standing.state === 'running') {
      if (change.progress !== null) noteProgress(desk, kept, change, change.progress)
    } else if (standing.state !== 'cancelling') {
      move(desk, id, attempt, 'running', {
        crashes,
        ...(change.engine !== null && { engine: change.engine }),
        ...(change.device !== null && { device: change.device }),
        ...(change.progress !== null && { progress: change.progress }),
      })
    }
  }
  return {
    adopt,
    started: (cohort) => {
      for (const { id, attempt, state } of desk.ledger.cohort(cohort)) {
        if (state === 'queued' || state === 'recovering') move(desk, id, attempt, 'starting')
      }
    },
    progress: (_, { runs }) => runs.forEach(adopt),
    lost: (cohort) => {
      for (const { id, attempt, state } of desk.ledger.cohort(cohort)) {
        if (state === 'starting' || state === 'running') move(desk, id, attempt, 'recovering')
      }
    },
    ended: (cohort, digest) => {
      for (const { id } of digest.runs) kept.delete(id)
      commits
        .cohort(cohort, digest)
        .catch((error) => desk.log.error({ cohort, err: error }, 'cohort not committed'))
    },
    failed: (cohort, why) => {
      desk.log.error({ cohort, why }, 'cohort failed in its worker')
      const { code, message } = new ExperimentError('INTERNAL', {})
      for (const { id, attempt } of desk.ledger.cohort(cohort)) {
        kept.delete(id)
        move(desk, id, attempt, 'failed', { reason: { code, message } })
      }
    },
    connected: reconcile,
  }
}

function noteProgress(
  desk: Desk,
  kept: Map<string, { fraction: number; at: number }>,
  { id, attempt }: RunProgress,
  progress: Progress,
): void {
  const at = desk.clock()
  const last = kept.get(id) ?? { fraction: 0, at: 0 }
  const older = progress.fraction < last.fraction // a new attempt, or a restart
  desk.live.set(id, progress)
  if (!older && (progress.fraction - last.fraction < KEPT_SHARE || at - last.at < KEPT_MS)) {
    desk.herald.tellLive(id, at, { state: 'running', attempt, progress, reason: null })
    return
  }
  kept.set(id, { fraction: progress.fraction, at })
  const event = desk.ledger.progress(id, attempt, { progress }, at)
  if (event !== null) desk.herald.tellKept(event)
}
