import { readManifest } from '../artifacts/run-folder.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { JobState } from '../experiment/states.ts'
import type { Standing } from '../ledger/run.ts'
import type { CohortRun, RunProgress } from '../queue/cohort-job.ts'
import type { Place } from '../queue/queue.ts'
import type { Commits } from './commit.ts'
import { type Desk, isOpen, move } from './desk.ts'

const OPEN: readonly JobState[] = ['queued', 'starting', 'running', 'recovering', 'cancelling']

/**
 * Brings ledger, queue and artifacts into agreement once. The ledger is the truth: what the queue lost is queued
 * again, ends that nobody heard of are committed, orders to cancel that met nobody are carried out.
 *
 * @throws QUEUE_UNREACHABLE where Redis is away; nothing is lost, the next round does the work
 */
export async function reconcileOnce(
  desk: Desk,
  commits: Commits,
  hear: { adopt(change: RunProgress): void; failed(cohort: string, why: string): void },
): Promise<void> {
  const cohorts = new Map<string, Standing[]>()
  for (const run of desk.ledger.standings(OPEN)) {
    cohorts.set(run.cohort, [...(cohorts.get(run.cohort) ?? []), run])
  }
  const places = await desk.queue.places([...cohorts.keys()])
  let index = 0
  for (const [cohort, runs] of cohorts) {
    const place = places[index++] ?? 'absent'
    if (place === 'absent') await refill(desk, commits, cohort, runs)
    else await adopt(desk, commits, hear, { cohort, runs, place })
  }
}

/** The queue does not know the cohort: its runs have ended unheard, were cancelled, or must be queued again. */
async function refill(
  desk: Desk,
  commits: Commits,
  cohort: string,
  runs: readonly Standing[],
): Promise<void> {
  for (const { id, attempt, state } of runs) {
    if (await hasManifest(desk, id, attempt)) await commits.finished(id, attempt)
    else if (state === 'cancelling') move(desk, id, attempt, 'cancelled')
  }
  await enqueue(desk, cohort)
}

/**
 * Queues what is open of a cohort. A run that some worker had is queued again: its worker, if it lives, has lost
 * its lease with the queue's memory.
 */
export async function enqueue(desk: Desk, cohort: string): Promise<void> {
  const runs: CohortRun[] = []
  for (const { id, attempt, state } of desk.ledger.cohort(cohort)) {
    const run = OPEN.includes(state) && state !== 'cancelling' ? desk.ledger.find(id) : null
    if (run === null) continue
    runs.push({ id, attempt, crashes: run.crashes, spec: run.spec, dataDigest: run.dataDigest })
  }
  if (runs.length === 0) return
  await desk.queue.add({ cohort, runs })
  for (const { id, attempt } of runs) {
    const state = desk.ledger.standing(id)?.state
    desk.log.debug({ jobId: id, attempt, cohort }, 'job handed to the queue')
    if (state !== undefined && state !== 'queued') move(desk, id, attempt, 'queued')
  }
}

interface Found {
  readonly cohort: string
  readonly runs: readonly Standing[]
  readonly place: Exclude<Place, 'absent'>
}

async function adopt(
  desk: Desk,
  commits: Commits,
  hear: { adopt(change: RunProgress): void; failed(cohort: string, why: string): void },
  { cohort, runs, place }: Found,
): Promise<void> {
  const cancelling = runs.filter((run) => run.state === 'cancelling')
  if (place === 'waiting' && cancelling.length === 0) return
  const standing = await desk.queue.look(cohort)
  if (standing.place === 'ended') await commits.cohort(cohort, standing.digest)
  else if (standing.place === 'failed') hear.failed(cohort, standing.why)
  else if (standing.place === 'held') standing.progress?.runs.forEach(hear.adopt)
  for (const { id } of cancelling) await settleCancel(desk, id)
}

/**
 * Carries an order to cancel out as far as that goes from here: the worker that has the run is told, and a run that
 * no worker has is taken out of the queue and cancelled at once.
 */
export async function settleCancel(desk: Desk, id: string): Promise<void> {
  const run = desk.ledger.standing(id)
  if (run?.state !== 'cancelling') return
  const { cohort, attempt } = run
  await desk.queue.cancel(cohort, id)
  if (desk.ledger.cohort(cohort).length > 1) return // its worker leaves it out when the cohort starts
  const removed = await desk.queue.remove(cohort)
  if (removed && isOpen(desk, id, attempt)) move(desk, id, attempt, 'cancelled')
}

async function hasManifest(desk: Desk, id: string, attempt: number): Promise<boolean> {
  try {
    return (await readManifest(desk.artifactsRoot, id, attempt)) !== null
  } catch (error) {
    if (error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED') return false // it is made anew
    throw error
  }
}
