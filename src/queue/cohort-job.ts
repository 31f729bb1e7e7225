import type { Progress } from '../experiment/job-view.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'

/**
 * What travels through the queue. A cohort is the unit of execution: runs that a worker trains together.
 * A single job is a cohort of one. The queue job's id is the cohort's; it takes no `:`.
 */
export interface CohortJob {
  readonly cohort: string
  readonly runs: readonly CohortRun[]
}

/** A run as a worker on any host gets it. */
export interface CohortRun {
  readonly id: string
  readonly attempt: number
  /** Crashes that the ledger knew of when the cohort was queued. */
  readonly crashes: number
  readonly spec: ResolvedSpec
  /** SHA-256 of the data file that the run's id was made with, or null. */
  readonly dataDigest: string | null
}

/**
 * What becomes of a run while its cohort is with a worker: `running` is trained, `recovering` waits for a
 * new child after a crash, `queued` goes back to the queue because the worker leaves.
 */
export interface RunProgress {
  readonly id: string
  readonly attempt: number
  readonly phase: 'running' | 'recovering' | 'queued'
  readonly crashes: number
  readonly engine: string | null
  readonly device: string | null
  readonly progress: Progress | null
}

export interface CohortProgress {
  readonly runs: readonly RunProgress[]
  /** Runs of a larger cohort that have ended since the last message, their files written. */
  readonly ended?: readonly RunDigest[]
}

/**
 * How a run ended: a digest, for the return value of a queue job is copied into Redis' event stream. The
 * numbers lie in the artifact folder, written before this is sent.
 */
export type RunDigest =
  | {
      readonly id: string
      readonly attempt: number
      readonly crashes: number
      readonly ended: 'finished'
      readonly fingerprint: string
    }
  | { readonly id: string; readonly attempt: number; readonly crashes: number; readonly ended: 'cancelled' }
  | {
      readonly id: string
      readonly attempt: number
      readonly crashes: number
      readonly ended: 'failed'
      readonly code: string
      readonly message: string
    }

export interface CohortDigest {
  readonly runs: readonly RunDigest[]
}

/** The cohort of a job on its own: the same attempt always gets the same one, so queueing it twice adds nothing. */
export function soloCohort(id: string, attempt: number): string {
  return `${id}-${attempt}`
}
