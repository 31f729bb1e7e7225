import type Database from 'libsql'
import type { Need, Standing } from './run.ts'

/** A run that waits to be gathered. */
export type WaitingRun = Pick<Standing, 'id' | 'attempt'> &
  Need & {
    /** Of its spec as JSON, which travels through the queue. */
    readonly specBytes: number
  }

/** The runs that no queue job has yet, and how they are put into one. */
export interface WaitingRoom {
  /** The first waiting run of a sweep from a position on. */
  firstOf(sweep: string, from: number): { position: number; shape: string } | null
  /** Waiting runs of a shape, those of the sweep first, from a position on, then any, the longest waiting first. */
  ofShape(shape: string, sweep: string, from: number, limit: number): WaitingRun[]
  /** Gives waiting runs to a cohort. Called inside `atomically`. */
  assign(runs: readonly WaitingRun[], cohort: string): void
}

const WAITS = "runs.cohort = '' AND runs.state = 'queued'"
const FIELDS = `runs.id, runs.attempt, runs.shape, runs.seconds, runs.bytes,
  (SELECT length(spec) FROM specs WHERE specs.run = runs.id) AS "specBytes"`

export function openWaitingRoom(database: Database.Database): WaitingRoom {
  const first = database.prepare(
    `SELECT s.position, runs.shape FROM sweep_runs AS s JOIN runs ON runs.id = s.run
     WHERE s.sweep = ? AND s.position >= ? AND ${WAITS} ORDER BY s.position LIMIT 1`,
  )
  const own = database.prepare(
    `SELECT ${FIELDS} FROM sweep_runs AS s JOIN runs ON runs.id = s.run
     WHERE s.sweep = ? AND s.position >= ? AND runs.shape = ? AND ${WAITS} ORDER BY s.position LIMIT ?`,
  )
  const any = database.prepare(
    `SELECT ${FIELDS} FROM runs INDEXED BY runs_to_gather WHERE ${WAITS} AND shape = ? ORDER BY queued_at LIMIT ?`,
  )
  const assign = database.prepare("UPDATE runs SET cohort = ? WHERE id = ? AND cohort = ''")
  return {
    firstOf: (sweep, from) => {
      const row = first.get(sweep, from) as { position: number; shape: string } | undefined
      return row === undefined ? null : { position: row.position, shape: row.shape }
    },
    ofShape: (shape, sweep, from, limit) => {
      const found = own.all(sweep, from, shape, limit) as WaitingRun[]
      if (found.length === limit) return found
      const known = new Set(found.map(({ id }) => id))
      const others = (any.all(shape, limit) as WaitingRun[]).filter(({ id }) => !known.has(id))
      return [...found, ...others.slice(0, limit - found.length)]
    },
    assign: (runs, cohort) => {
      for (const { id } of runs) assign.run(cohort, id)
    },
  }
}
