import type Database from 'libsql'
import type { ResultView } from '../experiment/result-view.ts'
import type { JobState } from '../experiment/states.ts'
import { sweepRunOf } from '../experiment/sweep-run.ts'
import type { SweepRun } from '../experiment/sweep-view.ts'

/** A run of a sweep and its place there. */
export interface PlacedRun {
  readonly position: number
  readonly run: SweepRun
}

/** The runs of a sweep in the order of its points, after a position, at most `limit`. */
export type ReadSweepRuns = (sweep: string, after: number, limit: number) => PlacedRun[]

interface Row {
  readonly position: number
  readonly id: string
  readonly point: string
  readonly state: JobState
  readonly result: string | null
}

export function sweepRunsOf(database: Database.Database): ReadSweepRuns {
  const read = database.prepare(
    `SELECT s.position, s.run AS id, s.point, runs.state, results.result
     FROM sweep_runs AS s JOIN runs ON runs.id = s.run
     LEFT JOIN results ON results.run = s.run AND runs.state IN ('succeeded', 'diverged', 'stopped')
     WHERE s.sweep = ? AND s.position > ? ORDER BY s.position LIMIT ?`,
  )
  return (sweep, after, limit) => (read.all(sweep, after, limit) as Row[]).map(toPlacedRun)
}

function toPlacedRun({ position, id, point, state, result }: Row): PlacedRun {
  const view = result === null ? null : (JSON.parse(result) as ResultView)
  return { position, run: sweepRunOf({ id, point: JSON.parse(point), state }, view) }
}
