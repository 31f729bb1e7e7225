import type { TrajectoryView } from '../experiment/result-view.ts'
import { type Column, trajectoryColumns } from './column.ts'

/** The trajectory as CSV (RFC 4180): a header line, full precision, an empty field where there is no number. */
export function trajectoryCsv(trajectory: TrajectoryView): string {
  return writeCsv(trajectoryColumns(trajectory))
}

/** Columns of one length as CSV. Names must need no quotes (a plain throw otherwise). */
export function writeCsv(columns: readonly Column[]): string {
  for (const { name } of columns) {
    if (/[",\r\n]/.test(name)) throw new RangeError(`Column name ${JSON.stringify(name)} would need quotes.`)
  }
  const lines = [columns.map(({ name }) => name).join(',')]
  const length = columns[0]?.values.length ?? 0
  for (let row = 0; row < length; row++) {
    lines.push(columns.map(({ values }) => values[row] ?? '').join(','))
  }
  return `${lines.join('\r\n')}\r\n`
}
