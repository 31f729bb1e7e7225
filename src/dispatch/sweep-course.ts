import { setTimeout as wait } from 'node:timers/promises'
import { pointsOf } from '../experiment/axes.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { ENDED, type JobState } from '../experiment/states.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { Point, SweepAnalysis } from '../experiment/sweep-view.ts'
import type { Sweep, SweepEnd } from '../ledger/sweep.ts'
import type { AdmittedPoint } from '../ledger/sweeps.ts'
import { type Desk, inSlices, moveAll } from './desk.ts'
import type { Gatherer } from './gather.ts'
import { settleCancel } from './reconciler.ts'

/** The work on sweeps that would hold up the event loop; theory and the ledger's rows are at hand there. */
export interface SweepWork {
  /** Holds points of a sweep to what a run must be; of a boundary search its ends, and its question. @throws SPEC_INVALID */
  check(spec: SweepSpec, from: number, count: number): Promise<void>
  admit(spec: SweepSpec, points: readonly Point[], from: number): Promise<AdmittedPoint[]>
  /** What a boundary search asks next of the runs that it has. */
  next(id: string, spec: SweepSpec): Promise<Point[]>
  analyse(id: string, spec: SweepSpec): Promise<SweepAnalysis>
}

/** Sees sweeps through to their ends. */
export interface Courses {
  /** Takes a sweep up, where that is not done yet. */
  take(id: string): void
  /** Stops where each is; the next dispatch goes on. May be called twice. */
  close(): Promise<void>
}

const SLICE = 64 // points admitted at once, fewer where specs are large
const SLICE_BYTES = 1e6
/** Troubles of ours, such as a thread that ran out of memory, that a sweep outlives in a row, and the pause before it goes on. */
const TROUBLES = 3
const PAUSE_MS = 1000
const CANCELLED_AT_ONCE = 500

/**
 * A sweep's course, step by step from what the ledger holds, so that it goes on from there after any crash: admit the
 * points, wait until their runs have ended, ask a search for more, analyse, end.
 */
export function openCourses(desk: Desk, gatherer: Gatherer, work: SweepWork): Courses {
  const { ledger, log, clock, bell } = desk
  const underWay = new Map<string, Promise<void>>()
  let closed = false
  const gatherSoon = (id: string) =>
    void gatherer.gather().catch((error) => log.warn({ sweep: id, err: error }, 'runs not gathered yet'))
  /** @returns false where it waits for runs of these points to end that are being cancelled: they are queued again then */
  const admit = async (sweep: Sweep, points: readonly Point[], isSearch: boolean): Promise<boolean> => {
    const from = isSearch ? sweep.points : sweep.cursor
    const admitted = await work.admit(sweep.spec, points, from)
    if (!isUnchanged(sweep)) return true
    if (admitted.some(({ run }) => ledger.standing(run.id)?.state === 'cancelling')) return false
    const events = ledger.lightly(() => {
      if (isSearch) ledger.sweeps.addPoints(sweep.id, points.length)
      return ledger.sweeps.admit(sweep.id, admitted, clock())
    })
    for (const event of events) desk.herald.tellKept(event)
    if (sweep.state === 'queued') ledger.sweeps.setState(sweep.id, 'running', clock())
    gatherer.expect(sweep.id, from)
    gatherSoon(sweep.id)
    return true
  }
  /** It may have been extended or cancelled while a thread worked on it. */
  const isUnchanged = (before: Sweep) => {
    const now = ledger.sweeps.find(before.id)
    return now?.state === before.state && now.cursor === before.cursor && now.revision === before.revision
  }
  const cancelRest = async (id: string) => {
    for (;;) {
      const runs = ledger.sweeps.toCancel(id, CANCELLED_AT_ONCE)
      if (runs.length === 0) return
      await inSlices(runs, (slice) => {
        const moves = slice.map(({ id: run, attempt, cohort }) => ({
          id: run,
          attempt,
          to: cohort === '' ? ('cancelled' as const) : ('cancelling' as const),
        }))
        moveAll(desk, moves)
      })
      for (const cohort of new Set(runs.map((run) => run.cohort))) {
        if (cohort !== '') await settleCancel(desk, cohort).catch(() => {}) // the reconciler comes back to it
      }
    }
  }
  const finish = async (sweep: Sweep) => {
    const analysis = await work.analyse(sweep.id, sweep.spec)
    if (!isUnchanged(sweep)) return
    const end = endOf(sweep, ledger.sweeps.counts(sweep.id), analysis)
    ledger.sweeps.end(sweep.id, end, clock())
    log.info({ sweep: sweep.id, state: end.state, runs: sweep.total }, 'sweep ended')
  }
  /** @returns whether there is more to do at once; false where it waits for runs */
  const step = async (sweep: Sweep): Promise<boolean> => {
    const { id, spec, state, cursor, points } = sweep
    if (state === 'cancelling') {
      await cancelRest(id)
      if ((ledger.sweeps.counts(id).cancelling ?? 0) > 0) return false
      await finish(sweep)
      return true
    }
    if (cursor < points) {
      const all = pointsOf(spec)
      const length = Math.min(sliceOf(spec), points - cursor)
      const next = Array.from({ length }, (_, k) => all.at(cursor + k))
      return admit(sweep, next, false)
    }
    if (openRuns(ledger.sweeps.counts(id)) > 0) {
      gatherSoon(id) // the bell rings where runs have ended, and their cohorts have left room
      return false
    }
    const next = spec.search === 'boundary' ? await work.next(id, spec) : []
    if (next.length > 0 && !(await admit(sweep, next, true))) return false
    // A search whose points are no new runs would ask for them for ever.
    if (next.length === 0 || ledger.sweeps.find(id)?.total === sweep.total) await finish(sweep)
    return true
  }
  const drive = async (id: string) => {
    let troubles = 0
    while (!closed) {
      const seen = bell.count
      const sweep = ledger.sweeps.find(id)
      if (sweep === null || sweep.finishedAt !== null) return
      try {
        const isWaiting = !(await step(sweep))
        troubles = 0
        if (isWaiting && !closed) await bell.after(seen)
      } catch (error) {
        if (closed) return
        if (!(error instanceof ExperimentError) && ++troubles <= TROUBLES) {
          log.warn({ sweep: id, troubles, err: error }, 'sweep held up; it goes on in a moment')
          await wait(PAUSE_MS)
          continue
        }
        log.error({ sweep: id, err: error }, 'sweep failed')
        const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
        const reason = { code: known.code, message: known.message }
        // What its runs came to is told all the same.
        const analysis = await work.analyse(id, sweep.spec).catch(() => ({}))
        if (!isUnchanged(sweep)) continue
        ledger.sweeps.end(id, { state: 'failed', reason, analysis }, clock())
        return
      }
    }
  }
  return {
    take: (id) => {
      if (underWay.has(id) || closed) return
      const course = drive(id)
        .catch((error) =>
          log.error({ sweep: id, err: error }, 'sweep broken off; the next round goes on with it'),
        )
        .finally(() => underWay.delete(id))
      underWay.set(id, course)
    },
    close: async () => {
      closed = true
      bell.ring()
      await Promise.allSettled(underWay.values())
    },
  }
}

function sliceOf({ base }: SweepSpec): number {
  return Math.max(1, Math.min(SLICE, Math.floor(SLICE_BYTES / JSON.stringify(base).length)))
}

type Counts = Partial<Record<JobState, number>>

/** Runs still to end. */
export function openRuns(counts: Counts): number {
  return sum(counts, (state) => !ENDED.has(state))
}

function sum(counts: Counts, of: (state: JobState) => boolean): number {
  return Object.entries(counts).reduce((total, [state, n]) => (of(state as JobState) ? total + n : total), 0)
}

function endOf({ id, state, total }: Sweep, counts: Counts, analysis: SweepAnalysis): SweepEnd {
  const { failed = 0, cancelled = 0 } = counts
  if (state === 'cancelling') return { state: 'cancelled', reason: null, analysis }
  if (failed + cancelled === 0) return { state: 'succeeded', reason: null, analysis }
  const { code, message } = new ExperimentError('RUNS_FAILED', { id, total, failed, cancelled })
  const all = failed + cancelled === total
  return { state: all ? 'failed' : 'partially_succeeded', reason: { code, message }, analysis }
}
