import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { Estimate, JobView } from '../experiment/job-view.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { ENDED, RETRIABLE, WITH_RESULT } from '../experiment/states.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Run } from '../ledger/run.ts'
import { soloCohort } from '../queue/cohort-job.ts'
import type { CohortQueue } from '../queue/queue.ts'
import { type Admitted, admit, type Limits } from './admission.ts'
import { Bell } from './bell.ts'
import { openCommits } from './commit.ts'
import { type Desk, type DispatchLog, move, type ReportOf } from './desk.ts'
import type { Dispatch } from './dispatch.ts'
import { followQueue } from './follower.ts'
import { openGatherer } from './gather.ts'
import { openHerald, toJobEvent } from './herald.ts'
import { newRunOf } from './new-run.ts'
import { enqueue, reconcileOnce, settleCancel } from './reconciler.ts'
import { rememberSpectra } from './spectra.ts'
import { openCourses, type SweepWork } from './sweep-course.ts'
import { openSweepDesk } from './sweep-desk.ts'
import { viewOf } from './view.ts'
import { warningsOf } from './warnings.ts'

export interface DispatchParts {
  readonly ledger: Ledger
  readonly queue: CohortQueue
  /** The artifact folder that the workers share. */
  readonly artifactsRoot: string
  readonly limits: Limits & {
    /** Runs of a sweep. */
    readonly maxRuns: number
  }
  readonly report: ReportOf
  readonly sweepWork: SweepWork
  /** Opens a data set and tells its spectrum, away from the event loop. */
  readonly spectrumOf: (data: DataSpec) => Promise<SpectrumView>
  /** Time of day in milliseconds since 1970 UTC. */
  readonly clock: () => number
  readonly log: DispatchLog
  /** Time between two rounds of the reconciler; 10 s where it is left out. */
  readonly reconcileMs?: number
}

const RECONCILE_MS = 10_000
const PAGE = 50
const EVENTS = 10_000

/** Opens the dispatch, which at once begins to bring ledger and queue into agreement. The caller closes all it passed in. */
export function openDispatch(parts: DispatchParts): Dispatch {
  const { ledger, queue, clock, log, limits, artifactsRoot, report } = parts
  const herald = openHerald(ledger.events, (error) => log.error({ err: error }, 'a listener failed'))
  const desk: Desk = {
    ledger,
    queue,
    artifactsRoot,
    report,
    clock,
    log,
    herald,
    live: new Map(),
    bell: new Bell(),
  }
  const commits = openCommits(desk)
  const gatherer = openGatherer(desk, limits.maxMemory)
  const courses = openCourses(desk, gatherer, parts.sweepWork)
  const reconcile = async () => {
    for (const { id } of ledger.sweeps.live()) courses.take(id)
    await reconcileOnce(desk, commits, follower)
    await gatherer.gather()
  }
  const rounds = openRounds(reconcile, parts.reconcileMs ?? RECONCILE_MS, log)
  const follower = followQueue(desk, commits, rounds.soon)
  const deafen = queue.listen(follower) // begins the first round once Redis is there
  const spectrumOf = rememberSpectra(parts.spectrumOf)
  const known = (id: string): Run => ledger.find(id) ?? unknown(id)
  const view = (id: string) => viewOf(known(id), desk.live.get(id), ledger.sweeps.claiming(id))
  const standing = (id: string) => ledger.standing(id) ?? unknown(id)
  const withResult = (id: string, wanted: string): Run => {
    const run = known(id)
    if (WITH_RESULT.has(run.state)) return run
    throw new ExperimentError('STATE_CONFLICT', { id, state: run.state, wanted })
  }
  for (const { id } of ledger.sweeps.live()) {
    gatherer.expect(id, 0)
    courses.take(id)
  }
  return {
    post: async (body) => {
      const admitted = await admit(body, limits, spectrumOf)
      const { id, cohort } = keep(desk, admitted)
      if (cohort !== null) await attempt(log, id, () => enqueue(desk, cohort))
      return { view: view(id), created: cohort !== null }
    },
    estimate: async (body): Promise<Estimate> => {
      const { work, spec, spectrum } = await admit(body, limits, spectrumOf)
      return { ...work, warnings: warningsOf(spec, spectrum) }
    },
    cancel: async (id): Promise<JobView> => {
      const { state, attempt: number, cohort } = standing(id)
      if (ENDED.has(state)) throw new ExperimentError('STATE_CONFLICT', { id, state, wanted: 'cancel' })
      move(desk, id, number, cohort === '' ? 'cancelled' : 'cancelling')
      await attempt(log, id, () => settleCancel(desk, cohort))
      return view(id)
    },
    find: view,
    list: ({ limit = PAGE, state, tag, sweep, after }) => {
      const { items, nextCursor } = ledger.list({ limit, state, tag, sweep, after })
      const views = items.map((run) => viewOf(run, desk.live.get(run.id), ledger.sweeps.claiming(run.id)))
      return { items: views, nextCursor }
    },
    result: (id) => JSON.parse(ledger.results.result(withResult(id, 'a result').id) ?? 'null'),
    finished: (id) => {
      const { attempt: number, cohort, spec } = withResult(id, 'its files')
      return { id, attempt: number, cohort, spec }
    },
    ...openSweepDesk(desk, courses, parts.sweepWork, limits.maxRuns),
    events: (id, after = 0) => {
      standing(id)
      return ledger.events.after(id, after, EVENTS).map(toJobEvent)
    },
    subscribe: herald.subscribe,
    counts: ledger.counts,
    readiness: async () => {
      const workers = await queue.workers().catch(() => null)
      return { ledger: answers(ledger, log), redis: workers !== null, workers }
    },
    reconcile,
    close: async () => {
      await courses.close()
      await deafen()
      await rounds.close()
      await commits.settled()
    },
  }
}

function answers(ledger: Ledger, log: DispatchLog): boolean {
  try {
    ledger.counts()
    return true
  } catch (error) {
    log.error({ err: error }, 'the ledger does not answer')
    return false
  }
}

function unknown(id: string): never {
  throw new ExperimentError('JOB_UNKNOWN', { id })
}

/**
 * Writes an admitted experiment into the ledger, in one go, so that two posts of it make one run.
 *
 * @returns the run's id, and the cohort to queue: null where the experiment is there already
 */
function keep(desk: Desk, admitted: Admitted): { id: string; cohort: string | null } {
  const { ledger, clock } = desk
  const { name, tags } = admitted
  const run = newRunOf(admitted, false)
  const { id, cohort } = run
  const existing = ledger.standing(id)
  if (existing === null) {
    desk.herald.tellKept(ledger.post(run, clock()))
    return { id, cohort }
  }
  ledger.label(id, name, tags)
  if (!RETRIABLE.has(existing.state)) return { id, cohort: null }
  const next = { cohort: soloCohort(id, existing.attempt + 1), warnings: run.warnings }
  const event = ledger.postAgain(id, existing.attempt, next, clock())
  if (event !== null) desk.herald.tellKept(event)
  return { id, cohort: next.cohort }
}

/** Does what needs Redis now; where it is away the reconciler does it later. */
async function attempt(log: DispatchLog, jobId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ExperimentError) || error.code !== 'QUEUE_UNREACHABLE') throw error
    log.warn({ jobId, err: error }, 'Redis is away; the reconciler will come back to this job')
  }
}

/** Runs a round now and then and on demand, one at a time; a round that fails is followed by the next. */
function openRounds(round: () => Promise<void>, everyMs: number, log: DispatchLog) {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false
  let closed = false
  const turn = async () => {
    do {
      again = false
      await round().catch((error) => log.warn({ err: error }, 'ledger and queue not brought into agreement'))
    } while (again && !closed)
  }
  const soon = () => {
    if (closed) return
    again = true
    clearTimeout(timer)
    running ??= turn().finally(() => {
      running = undefined
      if (!closed) timer = setTimeout(soon, everyMs)
    })
  }
  return {
    soon,
    close: async () => {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}
