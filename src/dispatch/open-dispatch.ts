import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { runId } from '../experiment/identity.ts'
import type { Estimate, JobView } from '../experiment/job-view.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { ENDED, RETRIABLE, WITH_RESULT } from '../experiment/states.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Run } from '../ledger/run.ts'
import { soloCohort } from '../queue/cohort-job.ts'
import type { CohortQueue } from '../queue/queue.ts'
import { type Admitted, admit, type Limits } from './admission.ts'
import { openCommits } from './commit.ts'
import { type Desk, type DispatchLog, move, type ReportOf } from './desk.ts'
import type { Dispatch } from './dispatch.ts'
import { followQueue } from './follower.ts'
import { openHerald, toJobEvent } from './herald.ts'
import { enqueue, reconcileOnce, settleCancel } from './reconciler.ts'
import { rememberSpectra } from './spectra.ts'
import { viewOf } from './view.ts'
import { warningsOf } from './warnings.ts'

export interface DispatchParts {
  readonly ledger: Ledger
  readonly queue: CohortQueue
  /** The artifact folder that the workers share. */
  readonly artifactsRoot: string
  readonly limits: Limits
  readonly report: ReportOf
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
  const desk: Desk = { ledger, queue, artifactsRoot, report, clock, log, herald, live: new Map() }
  const commits = openCommits(desk)
  const rounds = openRounds(
    () => reconcileOnce(desk, commits, follower),
    parts.reconcileMs ?? RECONCILE_MS,
    log,
  )
  const follower = followQueue(desk, commits, rounds.soon)
  const deafen = queue.listen(follower) // begins the first round once Redis is there
  const spectrumOf = rememberSpectra(parts.spectrumOf)
  const known = (id: string): Run => ledger.find(id) ?? unknown(id)
  const view = (id: string) => viewOf(known(id), desk.live.get(id))
  const standing = (id: string) => ledger.standing(id) ?? unknown(id)
  const stored = (id: string, read: (run: string) => string | null, wanted: string) => {
    const { state } = standing(id)
    const text = WITH_RESULT.has(state) ? read(id) : null
    if (text === null) throw new ExperimentError('STATE_CONFLICT', { id, state, wanted })
    return JSON.parse(text)
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
      const { state, attempt: number } = standing(id)
      if (ENDED.has(state)) throw new ExperimentError('STATE_CONFLICT', { id, state, wanted: 'cancel' })
      move(desk, id, number, 'cancelling')
      await attempt(log, id, () => settleCancel(desk, id))
      return view(id)
    },
    find: view,
    list: ({ limit = PAGE, state, tag, sweep, after }) => {
      const { items, nextCursor } = ledger.list({ limit, state, tag, sweep, after })
      return { items: items.map((run) => viewOf(run, desk.live.get(run.id))), nextCursor }
    },
    result: (id) => stored(id, ledger.results.result, 'a result'),
    trajectory: (id) => stored(id, ledger.results.trajectory, 'a trajectory'),
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
    reconcile: () => reconcileOnce(desk, commits, follower),
    close: async () => {
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
  const { asked, spec, name, tags, dataDigest, work, spectrum } = admitted
  const id = runId(spec, dataDigest)
  const warnings = warningsOf(spec, spectrum)
  const existing = ledger.standing(id)
  if (existing !== null) {
    ledger.label(id, name, tags)
    if (!RETRIABLE.has(existing.state)) return { id, cohort: null }
    const cohort = soloCohort(id, existing.attempt + 1)
    const event = ledger.postAgain(id, existing.attempt, { cohort, warnings }, clock())
    if (event !== null) desk.herald.tellKept(event)
    return { id, cohort }
  }
  const cohort = soloCohort(id, 1)
  const progress = { step: 0, steps: work.steps, fraction: 0, etaSeconds: null }
  desk.herald.tellKept(
    ledger.post({ id, asked, spec, name, tags, warnings, dataDigest, cohort, progress }, clock()),
  )
  return { id, cohort }
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
