import type { Objective } from '../experiment/spec.ts'
import { criticalTime } from './critical-times.ts'
import { fixedPoint } from './fixed-points.ts'
import type { Point } from './mode.ts'
import { amplitudesAt } from './trajectories.ts'

/**
 * In which order features are learned, and how separately (docs/theory.md §4).
 *
 *   order         argsort of the critical times t*(p)
 *   greedy index  1 − mean φ, φ = min(1, w̄_j(t_i(0.9))/w̄_j*) over features j learned next after i: how far the
 *                 next feature has come when the one before it has all but arrived. 1 is one at a time, 0 together.
 *   spread        (t_max − t_min)/t_max
 */
const ARRIVED = 0.9 // of the fixed point, for the earlier feature of a pair

/** Indices by critical time; equal times by index, never learned (Infinity) last by index. */
export function learningOrder(times: readonly number[]): number[] {
  return times.map((_, i) => i).sort((a, b) => compare(times[a]!, times[b]!) || a - b)
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b // Infinity − Infinity would be NaN
}

/** (t_max − t_min)/t_max over the features ever learned; null where none is, 0 where all are there at once. */
export function spread(times: readonly number[]): number | null {
  const finite = times.filter((t) => t < Infinity)
  if (finite.length === 0) return null
  const [last, first] = [Math.max(...finite), Math.min(...finite)]
  return last === 0 ? 0 : (last - first) / last
}

/** φ of each pair of features learned one after the other, in order of learning. */
export function overlaps(objective: Objective, points: readonly Point[]): number[] {
  const times = points.map((point) => criticalTime(objective, point))
  const learned = learningOrder(times).filter((i) => times[i]! < Infinity)
  return learned.slice(1).map((j, k) => {
    const earlier = points[learned[k]!]!
    const later = points[j]!
    const arrival = criticalTime(objective, { ...earlier, fraction: ARRIVED })
    const amplitude = amplitudesAt(objective, later, [arrival])[0]!
    return Math.min(1, amplitude / fixedPoint(objective, later.rho, later.depth))
  })
}

/** 1 − mean φ over the features ever learned: 1 for a single one, null where none is learned. */
export function greedyIndex(objective: Objective, points: readonly Point[]): number | null {
  if (!points.some((point) => point.lambda > 0)) return null
  const phi = overlaps(objective, points)
  if (phi.length === 0) return 1
  return 1 - phi.reduce((sum, value) => sum + value, 0) / phi.length
}
