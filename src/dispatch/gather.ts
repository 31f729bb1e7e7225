import { createHash } from 'node:crypto'
import { digestName } from '../experiment/identity.ts'
import type { WaitingRun } from '../ledger/waiting.ts'
import { soloCohort } from '../queue/cohort-job.ts'
import type { Desk } from './desk.ts'
import { enqueue } from './reconciler.ts'

/** Bounds of a cohort: how many runs, how long on one core, how much JSON in one message of the queue. */
const MOST_RUNS = 512
const MOST_SECONDS = 8
const MOST_SPEC_BYTES = 2e6
/** Cohorts in the queue for each worker: one that it trains, one ready, so that a job of one run never waits for long. */
const AHEAD = 2

/** Puts waiting runs of one shape together into cohorts and hands these to the queue, a few at a time. */
export interface Gatherer {
  /** A sweep has runs that wait, from this position on. */
  expect(sweep: string, from: number): void
  /** Fills the window. */
  gather(): Promise<void>
}

/**
 * Sweeps take turns. A cohort is made for the first waiting run of the sweep whose turn it is: runs of its shape, its own
 * first, then those of others.
 *
 * @param maxMemory bytes that the runs of a cohort may take
 */
export function openGatherer(desk: Desk, maxMemory: number): Gatherer {
  const { ledger } = desk
  const turns = new Map<string, number>() // sweep → the position before which nothing waits; first in turn first
  let workers = 1
  let busy: Promise<void> | null = null
  let isAsked = false
  const next = (): string | null => {
    for (const [sweep, from] of turns) {
      const first = ledger.waiting.firstOf(sweep, from)
      turns.delete(sweep)
      if (first === null) continue
      turns.set(sweep, first.position) // to the end of the row
      const candidates = ledger.waiting.ofShape(first.shape, sweep, first.position, MOST_RUNS)
      const runs = within(candidates, maxMemory)
      const cohort = nameOf(runs)
      ledger.lightly(() => ledger.waiting.assign(runs, cohort))
      desk.log.info({ cohort, sweep, runs: runs.length }, 'cohort gathered')
      return cohort
    }
    return null
  }
  const fill = async () => {
    workers = Math.max(1, await desk.queue.workers().catch(() => workers))
    let open = ledger.openCohorts().length
    while (open < AHEAD * workers + 1) {
      const cohort = next()
      if (cohort === null) return
      open++
      await enqueue(desk, cohort)
    }
  }
  /** Room that is made while the window is being filled is not left until somebody asks again. */
  const fillWhileAsked = async () => {
    while (isAsked) {
      isAsked = false
      await fill()
    }
  }
  return {
    expect: (sweep, from) => void turns.set(sweep, Math.min(from, turns.get(sweep) ?? from)),
    gather: async () => {
      isAsked = true
      busy ??= fillWhileAsked().finally(() => {
        busy = null
      })
      await busy
    },
  }
}

/** As many as may be trained together, at least one. */
function within(candidates: readonly WaitingRun[], maxMemory: number): WaitingRun[] {
  let [seconds, bytes, specBytes] = [0, 0, 0]
  const end = candidates.findIndex((run, k) => {
    seconds += run.seconds
    bytes += run.bytes
    specBytes += run.specBytes
    return k > 0 && (seconds > MOST_SECONDS || bytes > maxMemory || specBytes > MOST_SPEC_BYTES)
  })
  return candidates.slice(0, end === -1 ? candidates.length : end)
}

/** The same attempts of the same runs always get the same name; one run alone has that of a single job. */
function nameOf(runs: readonly WaitingRun[]): string {
  const [first] = runs
  if (runs.length === 1 && first !== undefined) return soloCohort(first.id, first.attempt)
  const hash = createHash('sha256')
  for (const { id, attempt } of runs) hash.update(`${id}-${attempt},`)
  return digestName('c', hash.digest())
}
