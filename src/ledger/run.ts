import type { JobView, Progress, Warning } from '../experiment/job-view.ts'
import type { Manifest } from '../experiment/measurement.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ExperimentSpec } from '../experiment/spec.ts'
import type { JobState } from '../experiment/states.ts'

/** Why a run ended as it did, or null. */
export type Reason = JobView['reason']

/** The manifest without its list of files, which the artifact folder has. */
export type ManifestSummary = Omit<Manifest, 'files'>

/** A run as the ledger keeps it. Times are milliseconds since 1970 UTC. */
export interface Run {
  readonly id: string
  readonly state: JobState
  /** 1 for the first POST, one more for each POST after a failure, a cancel or a stop. */
  readonly attempt: number
  /** How often a worker died in this attempt. */
  readonly crashes: number
  /** What was posted, without name and tags. */
  readonly asked: ExperimentSpec
  readonly spec: ResolvedSpec
  readonly name: string | null
  readonly tags: readonly string[]
  readonly warnings: readonly Warning[]
  readonly dataDigest: string | null
  /** The unit of execution that this attempt belongs to: the id of its queue job. Empty while it waits for others of its shape. */
  readonly cohort: string
  readonly device: string | null
  readonly engine: string | null
  readonly progress: Progress
  readonly reason: Reason
  readonly manifest: ManifestSummary | null
  readonly createdAt: number
  /** When this attempt was queued. */
  readonly queuedAt: number
  /** When the state last changed. */
  readonly changedAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** What a new run starts from; the ledger fills in the rest. */
export type NewRun = Pick<
  Run,
  'id' | 'asked' | 'spec' | 'name' | 'tags' | 'warnings' | 'dataDigest' | 'cohort' | 'progress'
> &
  Need & {
    /** Whether somebody asks for it by itself, and not for a sweep alone. */
    readonly alone: boolean
  }

/** What a run takes, for whoever puts runs together. */
export interface Need {
  /** Runs of one shape may train together; null: alone. */
  readonly shape: string | null
  /** On one core, without the start of a process. */
  readonly seconds: number
  readonly bytes: number
}

/** The columns that a decision needs, without the specs, which can be megabytes. */
export interface Standing {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly crashes: number
  readonly cohort: string
  readonly changedAt: number
}

/** One kept event. `data` is JSON already parsed. */
export interface LedgerEvent {
  readonly id: number
  readonly run: string
  readonly type: string
  readonly at: number
  readonly data: unknown
}

/** A row of the runs table, with the run's tags as one JSON list. */
export interface RunRow {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly crashes: number
  readonly asked: string
  readonly spec: string
  readonly name: string | null
  readonly tags: string
  readonly warnings: string
  readonly data_digest: string | null
  readonly cohort: string
  readonly device: string | null
  readonly engine: string | null
  readonly progress: string
  readonly reason: string | null
  readonly manifest: string | null
  readonly created_at: number
  readonly queued_at: number
  readonly changed_at: number
  readonly started_at: number | null
  readonly finished_at: number | null
}

/** The row as the rest of the service reads it. */
export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    state: row.state,
    attempt: row.attempt,
    crashes: row.crashes,
    asked: JSON.parse(row.asked),
    spec: JSON.parse(row.spec),
    name: row.name,
    tags: JSON.parse(row.tags),
    warnings: JSON.parse(row.warnings),
    dataDigest: row.data_digest,
    cohort: row.cohort,
    device: row.device,
    engine: row.engine,
    progress: JSON.parse(row.progress),
    reason: row.reason === null ? null : JSON.parse(row.reason),
    manifest: row.manifest === null ? null : JSON.parse(row.manifest),
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    changedAt: row.changed_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}
