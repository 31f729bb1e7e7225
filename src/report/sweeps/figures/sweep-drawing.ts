import type { TrajectoryView } from '../../../experiment/result-view.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { SweepAnalysis, SweepRun } from '../../../experiment/sweep-view.ts'

/** What can be drawn of a sweep; not every sweep has every kind (kinds.ts). */
export const SWEEP_FIGURE_KINDS = ['amplitudes', 'order', 'critical-times', 'phase', 'twins'] as const
export type SweepFigureKind = (typeof SWEEP_FIGURE_KINDS)[number]

/** A sweep as its figures see it, ended or under way. */
export interface SweepDrawing {
  readonly id: string
  readonly spec: SweepSpec
  readonly runs: readonly SweepRun[]
  readonly analysis: SweepAnalysis
  /** The sweep's default kind where it is left out. */
  readonly kind?: SweepFigureKind
  /** Of the runs that `runsToDraw` names, by id. */
  readonly trajectories?: ReadonlyMap<string, TrajectoryView>
}

/** A run that has ended with something to draw. */
export interface FinishedSweepRun extends SweepRun {
  readonly order: NonNullable<SweepRun['order']>
  readonly criticalTimes: NonNullable<SweepRun['criticalTimes']>
}

export function hasResult(run: SweepRun): run is FinishedSweepRun {
  return run.criticalTimes !== null && run.order !== null
}
