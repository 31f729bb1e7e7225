import { dropCheckpoint } from '../artifacts/checkpoint.ts'
import { openPacks } from '../artifacts/pack.ts'
import { readManifest } from '../artifacts/run-folder.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { ENDED } from '../experiment/states.ts'
import type { Standing } from '../ledger/run.ts'
import { type RunProgress, soloCohort } from '../queue/cohort-job.ts'
import type { Place } from '../queue/queue.ts'
import type { Commits } from './commit.ts'
import { type Desk, moveAll, moveMany } from './desk.ts'

/** Whoever hears what the queue tells. */
interface Ears {
  adopt(changes: readonly RunProgress[]): Promise<void>
  failed(cohort: string, why: string): void
}

/**
 * Brings ledger, queue and artifacts into agreement once. The ledger is the truth: what the queue lost is queued
 * again, ends that nobody heard of are committed, orders to cancel that met nobody are carried out.
 *
 * @throws QUEUE_UNREACHABLE where Redis is away; nothing is lost, the next round does the work
 */
export async function reconcileOnce(desk: Desk, commits: Commits, hear: Ears): Promise<void> {
  const cohorts = desk.ledger.openCohorts()
  const places = await desk.queue.places(cohorts)
  for (const [index, cohort] of cohorts.entries()) {
    const place = places[index] ?? 'absent'
    const runs = desk.ledger.cohort(cohort).filter(({ state }) => !ENDED.has(state))
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
  const written = await writtenRuns(desk, cohort, runs)
  await commits.found(
    cohort,
    runs.filter((run) => written.has(run)),
  )
  const cancelled = runs.filter((run) => !written.has(run) && run.state === 'cancelling')
  moveAll(
    desk,
    cancelled.map(({ id, attempt }) => ({ id, attempt, to: 'cancelled' })),
  )
  for (const run of cancelled) await dropCheckpoint(desk.artifactsRoot, run)
  await enqueue(desk, cohort)
}

/**
 * Queues what is open of a cohort. A run that some worker had is queued again: its worker, if it lives, has lost
 * its lease with the queue's memory.
 */
export async function enqueue(desk: Desk, cohort: string): Promise<void> {
  const found = desk.ledger.toTrain(cohort)
  if (found.length === 0) return
  const runs = found.map(({ state: _, ...run }) => run)
  await desk.queue.add({ cohort, runs })
  desk.log.debug(
    { cohort, runs: runs.length, ...(runs.length === 1 && { jobId: runs[0]?.id }) },
    'cohort handed to the queue',
  )
  const taken = found.filter(({ state }) => state !== 'queued')
  await moveMany(desk, taken, 'queued')
}

interface Found {
  readonly cohort: string
  readonly runs: readonly Standing[]
  readonly place: Exclude<Place, 'absent'>
}

async function adopt(
  desk: Desk,
  commits: Commits,
  hear: Ears,
  { cohort, runs, place }: Found,
): Promise<void> {
  const cancelling = runs.filter((run) => run.state === 'cancelling')
  if (place === 'waiting' && cancelling.length === 0) return
  const standing = await desk.queue.look(cohort)
  if (standing.place === 'ended') await commits.cohort(cohort, standing.digest)
  else if (standing.place === 'failed') hear.failed(cohort, standing.why)
  else if (standing.place === 'held' && standing.progress !== null) {
    await hear.adopt(standing.progress.runs)
    await commits.ended(cohort, standing.progress.ended ?? [])
  }
  if (cancelling.length > 0) await settleCancel(desk, cohort)
}

/**
 * Carries orders to cancel out as far as that goes from here: the worker that has the cohort is told, and a cohort that
 * no worker has and of which nothing else is left is taken out of the queue and cancelled at once.
 */
export async function settleCancel(desk: Desk, cohort: string): Promise<void> {
  const open = desk.ledger.cohort(cohort).filter(({ state }) => !ENDED.has(state))
  const cancelling = open.filter(({ state }) => state === 'cancelling')
  if (cancelling.length === 0) return
  await desk.queue.cancel(
    cohort,
    cancelling.map(({ id }) => id),
  )
  if (cancelling.length < open.length) return // its worker leaves them out when the cohort starts
  if (!(await desk.queue.remove(cohort))) return
  await moveMany(desk, cancelling, 'cancelled')
  for (const run of cancelling) await dropCheckpoint(desk.artifactsRoot, run) // some worker may have left one
}

/** Those whose files are there whole. */
async function writtenRuns(desk: Desk, cohort: string, runs: readonly Standing[]): Promise<Set<Standing>> {
  const written = new Set<Standing>()
  const alone = runs.filter(({ id, attempt }) => soloCohort(id, attempt) === cohort)
  for (const run of alone) if (await hasManifest(desk, run)) written.add(run)
  if (alone.length === runs.length) return written
  const packs = await openPacks(desk.artifactsRoot, cohort)
  try {
    const manifests = await packs.manifests()
    for (const run of runs) if (manifests.has(`${run.id}.${run.attempt}`)) written.add(run)
    return written
  } finally {
    await packs.close()
  }
}

async function hasManifest(desk: Desk, { id, attempt }: Standing): Promise<boolean> {
  try {
    return (await readManifest(desk.artifactsRoot, id, attempt)) !== null
  } catch (error) {
    if (error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED') return false // it is made anew
    throw error
  }
}
