import type { Measurements } from '../experiment/measurement.ts'
import type { TrajectoryView } from '../experiment/result-view.ts'

/** One column of a table; null where there is no number. */
export interface Column {
  readonly name: string
  readonly values: readonly (number | null)[]
}

/** What a worker saw as a table: time, step, loss, measured_<i>, |W̄ q_i|, for each feature, and the probes of a net. */
export function measuredColumns(measurements: Measurements): Column[] {
  return [
    { name: 'time', values: measurements.time },
    { name: 'step', values: measurements.step },
    { name: 'loss', values: finiteOrNull(measurements.loss) },
    ...measurements.amplitudes.map((values, i) => ({ name: `measured_${i}`, values: finiteOrNull(values) })),
    ...probeColumns(measurements.probes ?? {}),
  ]
}

/** Measurement beside theory as a table: time, step, loss, then measured_<i> and predicted_<i> by feature, then probes. */
export function trajectoryColumns(trajectory: TrajectoryView): Column[] {
  return [
    { name: 'time', values: trajectory.time },
    { name: 'step', values: trajectory.step },
    { name: 'loss', values: trajectory.loss },
    ...trajectory.features.flatMap(({ index, measured, predicted }) => [
      { name: `measured_${index}`, values: measured },
      { name: `predicted_${index}`, values: predicted },
    ]),
    ...probeColumns(trajectory.probes ?? {}),
  ]
}

/** probe_<name>, or probe_<name>_<i> for each of several values. */
function probeColumns(
  probes: Readonly<Record<string, { readonly values: readonly (readonly (number | null)[])[] }>>,
): Column[] {
  return Object.entries(probes).flatMap(([probe, { values }]) =>
    values.map((series, i) => ({
      name: values.length === 1 ? `probe_${probe}` : `probe_${probe}_${i}`,
      values: finiteOrNull(series),
    })),
  )
}

/** As JSON would keep them: −0 is 0. */
function finiteOrNull(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && Number.isFinite(value) ? value + 0 : null))
}
