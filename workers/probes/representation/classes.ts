import type { Readings } from './readings.ts'
import { once } from './targets.ts'

/**
 * The share of test samples that a linear classifier names rightly: ridge regression, in closed form, of one column for each class
 * that is 1 for its samples and 0 for others; the largest column wins, of equal ones the first.
 */
export function classAccuracy(readings: Readings): number {
  const { train, test } = readings.samples
  const columns = columnsOf(train.labels!, train.rows)
  const classes = columns.length / train.rows
  const found = readings.predicted(columns, readings.relative)
  let right = 0
  for (let r = 0; r < test.rows; r++) {
    let best = 0
    for (let c = 1; c < classes; c++) if (found[r * classes + c]! > found[r * classes + best]!) best = c
    if (best === test.labels![r]) right += 1
  }
  return right / test.rows
}

/** [rows][classes] */
const columnsOf = once((labels: ArrayLike<number>, rows: number): Float64Array => {
  let classes = 0
  for (let r = 0; r < labels.length; r++) classes = Math.max(classes, 1 + labels[r]!)
  const columns = new Float64Array(rows * classes)
  for (let r = 0; r < rows; r++) columns[r * classes + labels[r]!] = 1
  return columns
})
