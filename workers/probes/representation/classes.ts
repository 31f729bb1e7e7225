import type { Readings } from './readings.ts'

/**
 * The share of test samples that a linear classifier names rightly: ridge regression, in closed form, of one column for each class
 * that is 1 for its samples and 0 for others; the largest column wins, of equal ones the first.
 */
export function classAccuracy(readings: Readings): number {
  const { train, test } = readings.samples
  const classes = 1 + Array.from(train.labels!).reduce((most, label) => Math.max(most, label), 0)
  const columns = new Float64Array(train.rows * classes)
  for (let r = 0; r < train.rows; r++) columns[r * classes + train.labels![r]!] = 1
  const found = readings.predicted(columns, readings.relative)
  let right = 0
  for (let r = 0; r < test.rows; r++) {
    let best = 0
    for (let c = 1; c < classes; c++) if (found[r * classes + c]! > found[r * classes + best]!) best = c
    if (best === test.labels![r]) right += 1
  }
  return right / test.rows
}
