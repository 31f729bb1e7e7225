import type { Estimate, JobView } from '../experiment/job-view.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView } from '../experiment/result-view.ts'
import type { JobState } from '../experiment/states.ts'
import type { JobEvent } from './job-event.ts'
import type { SweepDesk } from './sweep-desk.ts'

/** Which jobs to list. `after` is the `nextCursor` of the page before. */
export interface ListQuery {
  readonly state?: JobState
  readonly tag?: string
  readonly sweep?: string
  readonly limit?: number // 1 … 1000, =50
  readonly after?: string
}

export interface JobPage {
  readonly items: JobView[]
  readonly nextCursor: string | null
}

/** What the API says about its own health. */
export interface Readiness {
  readonly ledger: boolean
  readonly redis: boolean
  /** Supervisors connected to the queue now; null while Redis is away. */
  readonly workers: number | null
}

/** Where the files of a finished run are, and what they are of. */
export interface FinishedRun {
  readonly id: string
  readonly attempt: number
  readonly cohort: string
  readonly spec: ResolvedSpec
}

/** From ledger to queue and back: everything that the API does with jobs and sweeps goes through here. */
export interface Dispatch extends SweepDesk {
  /**
   * Admits an experiment. `created` is false where the same experiment is already there (labels are
   * merged into it) and true where a run or a new attempt was queued.
   *
   * @throws BODY_TOO_DEEP, SCHEMA_MISMATCH, SPEC_INVALID, DATASET_UNREADABLE
   */
  post(body: unknown): Promise<{ view: JobView; created: boolean }>
  /** What a run would take, and the warnings it would carry. Queues nothing. @throws as `post` */
  estimate(body: unknown): Promise<Estimate>
  /** Asks a run to end. @throws JOB_UNKNOWN, STATE_CONFLICT where it has ended already */
  cancel(id: string): Promise<JobView>
  /** @throws JOB_UNKNOWN */
  find(id: string): JobView
  /** Newest first. @throws SCHEMA_MISMATCH where `after` is no cursor of ours */
  list(query: ListQuery): JobPage
  /** @throws JOB_UNKNOWN, STATE_CONFLICT while unfinished and for failed or cancelled jobs */
  result(id: string): ResultView
  /** Where the files of a run with a result are. @throws as `result` */
  finished(id: string): FinishedRun
  /** The kept events of a run with an id above `after`, oldest first. @throws JOB_UNKNOWN */
  events(id: string, after?: number): JobEvent[]
  /** Hears what happens to one run, or to all with null, from now on. @returns the way to stop */
  subscribe(id: string | null, listener: (event: JobEvent) => void): () => void
  /** Jobs per state, for /metrics. */
  counts(): Partial<Record<JobState, number>>
  readiness(): Promise<Readiness>
  /** Brings ledger, queue and artifacts into agreement once; the dispatch does so itself every ~10 s. */
  reconcile(): Promise<void>
  /** Stops listening and reconciling. The ledger and the queue belong to the caller. May be called twice. */
  close(): Promise<void>
}
