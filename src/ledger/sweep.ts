import type { SweepSpec } from '../experiment/sweep.ts'
import type { SweepAnalysis, SweepState } from '../experiment/sweep-view.ts'
import type { Reason } from './run.ts'

/** A sweep as the ledger keeps it. Times are milliseconds since 1970 UTC. */
export interface Sweep {
  readonly id: string
  readonly state: SweepState
  readonly spec: SweepSpec
  /** One more with each restart. */
  readonly revision: number
  /** Points admitted so far, of `points`. */
  readonly cursor: number
  readonly points: number
  /** Different runs among the points admitted. */
  readonly total: number
  readonly reason: Reason
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

export interface SweepRow {
  readonly id: string
  readonly state: SweepState
  readonly spec: string
  readonly revision: number
  readonly cursor: number
  readonly points: number
  readonly total: number
  readonly reason: string | null
  readonly created_at: number
  readonly started_at: number | null
  readonly finished_at: number | null
}

/** @param spec the row's, parsed */
export function toSweep(row: SweepRow, spec: SweepSpec): Sweep {
  return {
    id: row.id,
    state: row.state,
    spec,
    revision: row.revision,
    cursor: row.cursor,
    points: row.points,
    total: row.total,
    reason: row.reason === null ? null : JSON.parse(row.reason),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

/** How a sweep ended. */
export interface SweepEnd {
  readonly state: Extract<SweepState, 'succeeded' | 'partially_succeeded' | 'failed' | 'cancelled'>
  readonly reason: Reason
  readonly analysis: SweepAnalysis
}

/** The sweep under the name that another post of it gives, if any, and with its tags too. */
export function labelled(spec: SweepSpec, { name, tags = [] }: SweepSpec): SweepSpec {
  const all = [...new Set([...(spec.tags ?? []), ...tags])]
  return { ...spec, ...(name && { name }), ...(all.length > 0 && { tags: all }) }
}
