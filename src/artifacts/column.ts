import type { Measurements } from '../experiment/measurement.ts'
import type { TrajectoryView } from '../experiment/result-view.ts'

/** One column of a table; null where there is no number. */
export interface Column {
  readonly name: string
  readonly values: readonly (number | null)[]
}

/** What a worker saw as a table: time, step, loss and measured_<i>, |W̄ q_i|, for each feature. */
export function measuredColumns(measurements: Measurements): Column[] {
  return [
    { name: 'time', values: measurements.time },
    { name: 'step', values: measurements.step },
    { name: 'loss', values: finiteOrNull(measurements.loss) },
    ...measurements.amplitudes.map((values, i) => ({ name: `measured_${i}`, values: finiteOrNull(values) })),
  ]
}

/** Measurement beside theory as a table: time, step, loss, then measured_<i> and predicted_<i> by feature. */
export function trajectoryColumns(trajectory: TrajectoryView): Column[] {
  return [
    { name: 'time', values: trajectory.time },
    { name: 'step', values: trajectory.step },
    { name: 'loss', values: trajectory.loss },
    ...trajectory.features.flatMap(({ index, measured, predicted }) => [
      { name: `measured_${index}`, values: measured },
      { name: `predicted_${index}`, values: predicted },
    ]),
  ]
}

/** As JSON would keep them: −0 is 0. */
function finiteOrNull(values: readonly number[]): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) ? value + 0 : null))
}
