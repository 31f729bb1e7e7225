import { ENDED, type JobState } from '../experiment/states.ts'
import type { SweepView } from '../experiment/sweep-view.ts'
import type { Sweep } from '../ledger/sweep.ts'
import { timeOfDay } from './herald.ts'

/** A sweep as users read it. */
export function sweepViewOf(sweep: Sweep, counts: Partial<Record<JobState, number>>, now: number): SweepView {
  const self = `/v1/sweeps/${sweep.id}`
  return {
    id: sweep.id,
    state: sweep.state,
    counts,
    total: sweep.total,
    progress: progressOf(sweep, counts, now),
    reason: sweep.reason,
    createdAt: timeOfDay(sweep.createdAt),
    finishedAt: sweep.finishedAt === null ? null : timeOfDay(sweep.finishedAt),
    spec: sweep.spec,
    links: {
      self,
      cancel: `${self}/cancel`,
      result: `${self}/result`,
      figure: `${self}/figure.svg`,
      jobs: `/v1/jobs?sweep=${sweep.id}`,
    },
  }
}

/** By runs that have ended. A boundary search does not know how many it will ask for: its share is of those so far. */
function progressOf(
  { points, total, cursor, startedAt, finishedAt }: Sweep,
  counts: Partial<Record<JobState, number>>,
  now: number,
): SweepView['progress'] {
  if (finishedAt !== null) return { fraction: 1, etaSeconds: 0 }
  const ended = Object.entries(counts).reduce(
    (sum, [state, n]) => (ENDED.has(state as JobState) ? sum + n : sum),
    0,
  )
  const expected = total + (points - cursor)
  const fraction = expected === 0 ? 0 : Math.min(ended / expected, 0.999)
  const etaSeconds =
    startedAt === null || ended === 0 ? null : (((now - startedAt) / 1000) * (expected - ended)) / ended
  return { fraction, etaSeconds }
}
