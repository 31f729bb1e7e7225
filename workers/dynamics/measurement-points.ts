import type { ResolvedSpec } from '../../src/experiment/resolve.ts'
import { power, root } from '../models/root.ts'

/** On a log schedule the first point after the start lies at this part of the whole run: four decades. */
const FIRST_POINT = 1e-4

/**
 * When a run is measured after its start: rising positions, the last of which is the end. In flow a position
 * is a time, in descent a step, so that fewer steps than `points` give every step once. With the start there
 * are at most `measure.points` rows.
 */
export function measurementPoints({
  measure,
  training,
}: Pick<ResolvedSpec, 'measure' | 'training'>): number[] {
  const count = measure.points - 1
  if (training.mode === 'flow') return spread(measure.schedule, count, training.time)
  return wholeSteps(measure.schedule, count, training.steps)
}

function spread(schedule: 'log' | 'linear', count: number, end: number): number[] {
  if (schedule === 'linear') return Array.from({ length: count }, (_, i) => (end * (i + 1)) / count)
  const ratio = count > 1 ? 1 / root(FIRST_POINT, count - 1) : 1
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? end : end * FIRST_POINT * power(ratio, i),
  )
}

/** Distinct steps: where the spread bunches, the next step is taken and the rest spread over what is left. */
function wholeSteps(schedule: 'log' | 'linear', count: number, end: number): number[] {
  if (end <= count) return Array.from({ length: end }, (_, i) => i + 1)
  if (schedule === 'linear')
    return Array.from({ length: count }, (_, i) => Math.round((end * (i + 1)) / count))
  const points = [Math.max(1, Math.round(end * FIRST_POINT))]
  if (count === 1) return [end]
  while (points.length < count) {
    const left = count - points.length
    const last = points[points.length - 1]!
    const next = Math.round(last * root(end / last, left))
    points.push(left === 1 ? end : Math.min(end - left + 1, Math.max(last + 1, next)))
  }
  return points
}
