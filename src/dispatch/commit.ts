import { ExperimentError } from '../experiment/failure.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { WITH_RESULT } from '../experiment/states.ts'
import type { CohortDigest, RunDigest } from '../queue/cohort-job.ts'
import type { RunReport } from '../report/stored-runs.ts'
import { type Desk, inSlices, isOpen, type Move, move, moveAll } from './desk.ts'

/** Takes the ends of runs over into the ledger. Each end is taken over once, whoever brings it and how often. */
export interface Commits {
  /** Commits runs of a cohort that have ended. */
  ended(cohort: string, runs: readonly RunDigest[]): Promise<void>
  /** Commits every run of a cohort, and drops the cohort from the queue once all are in the ledger. */
  cohort(cohort: string, digest: CohortDigest): Promise<void>
  /** Commits runs whose files are there, though no queue told of them. */
  found(cohort: string, runs: readonly { id: string; attempt: number }[]): Promise<void>
  /** Waits for what is under way. */
  settled(): Promise<void>
}

/** A run whose files are written. */
interface Finished {
  readonly id: string
  readonly attempt: number
  readonly fingerprint: string | null
  readonly crashes: number | undefined
}

/** The folder may be shared over a network and show files late, and a report may meet a passing trouble. */
const TRIES = 3
/** Runs that are reported and committed together. */
const BATCH = 32

export function openCommits(desk: Desk): Commits {
  const underWay = new Map<string, Promise<void>>()
  const tries = new Map<string, number>()
  const keyOf = ({ id, attempt }: { id: string; attempt: number }) => `${id}-${attempt}`
  /** Work on those runs that nobody works on yet; resolves once all of them are dealt with. */
  const once = async <R extends { id: string; attempt: number }>(
    runs: readonly R[],
    work: (fresh: readonly R[]) => Promise<void>,
  ): Promise<void> => {
    const others = runs.flatMap((run) => underWay.get(keyOf(run)) ?? [])
    const fresh = runs.filter((run) => !underWay.has(keyOf(run)) && isOpen(desk, run.id, run.attempt))
    const own = fresh.length === 0 ? Promise.resolve() : work(fresh)
    const settled = own.finally(() => fresh.forEach((run) => void underWay.delete(keyOf(run))))
    for (const run of fresh) underWay.set(keyOf(run), settled)
    await Promise.all([settled, ...others])
  }
  const putOff = (run: Finished, error: unknown) => {
    const key = keyOf(run)
    const tried = (tries.get(key) ?? 0) + 1
    tries.set(key, tried)
    desk.log.warn({ jobId: run.id, attempt: run.attempt, tried, err: error }, 'finished run not committed')
    if (tried < TRIES) return // the reconciler comes back to it
    tries.delete(key)
    fail(desk, run.id, run.attempt, error)
  }
  const finish = async (cohort: string, runs: readonly Finished[]) => {
    for (let from = 0; from < runs.length; from += BATCH) {
      const batch = runs.slice(from, from + BATCH)
      try {
        const answers = await desk.report({ cohort, runs: batch })
        const moves: Move[] = []
        for (const [k, run] of batch.entries()) {
          const answer = answers[k] as RunReport
          if ('code' in answer) putOff(run, new ExperimentError(answer.code, answer.facts))
          else moves.push(moveOf(desk, run, answer))
        }
        moveAll(desk, moves)
        for (const run of moves) tries.delete(keyOf(run))
      } catch (error) {
        for (const run of batch) putOff(run, error)
      }
    }
  }
  const settle = async (cohort: string, runs: readonly RunDigest[]) => {
    const others = runs.filter(({ ended }) => ended !== 'finished')
    await inSlices(others, (slice) => void moveAll(desk, slice.map(moveOfUnfinished)))
    await finish(
      cohort,
      runs.flatMap((run) => (run.ended === 'finished' ? [run] : [])),
    )
  }
  const ended = (cohort: string, runs: readonly RunDigest[]) => once(runs, (fresh) => settle(cohort, fresh))
  return {
    ended,
    cohort: async (cohort, { runs }) => {
      await ended(cohort, runs)
      if (runs.some((run) => isOpen(desk, run.id, run.attempt))) return
      await desk.queue
        .forget(cohort)
        .catch((error) => desk.log.debug({ cohort, err: error }, 'ended cohort still in the queue'))
      desk.bell.ring()
    },
    found: (cohort, runs) =>
      once(runs, (fresh) =>
        finish(
          cohort,
          fresh.map(({ id, attempt }) => ({ id, attempt, fingerprint: null, crashes: undefined })),
        ),
      ),
    settled: async () => void (await Promise.allSettled(underWay.values())),
  }
}

/** Ends a run as failed for an error: ours by its code, others as INTERNAL, for the log has the rest. */
export function fail(desk: Desk, id: string, attempt: number, error: unknown): void {
  const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
  move(desk, id, attempt, 'failed', { reason: { code: known.code, message: known.message } })
}

function moveOfUnfinished(run: RunDigest): Move {
  const { id, attempt, crashes, ended } = run
  if (ended !== 'failed') return { id, attempt, to: 'cancelled', change: { crashes } }
  return { id, attempt, to: 'failed', change: { crashes, reason: { code: run.code, message: run.message } } }
}

/** Parsed where it is told of alone: sweeps have a great many results. */
function collapseIn(result: string): ResultView['collapse'] {
  return result.includes('"collapse":{') ? (JSON.parse(result) as ResultView).collapse : null
}

function moveOf(
  desk: Desk,
  { id, attempt, crashes }: Finished,
  { manifest, result }: Extract<RunReport, { result: string }>,
): Move {
  const { outcome, message, device, engine, steps } = manifest
  const collapse = collapseIn(result)
  const known = outcome === 'succeeded' ? 0 : (desk.ledger.find(id)?.progress.steps ?? 0)
  return {
    id,
    attempt,
    to: WITH_RESULT.has(outcome) ? outcome : 'failed',
    change: {
      manifest,
      device,
      engine,
      result,
      reason: message === null ? null : { code: outcome.toUpperCase(), message },
      // A run that diverged did not do all of its steps.
      progress: {
        step: steps,
        steps: Math.max(steps, known),
        fraction: 1,
        etaSeconds: 0,
        ...(collapse && { collapse }),
      },
      ...(crashes !== undefined && { crashes }),
    },
  }
}
