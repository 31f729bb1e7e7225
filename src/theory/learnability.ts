import type { Objective } from '../experiment/spec.ts'
import { fixedPoint } from './fixed-points.ts'
import { checkFraction, type Point } from './mode.ts'

/**
 * Which features can be learned at all from a start of scale ε (docs/theory.md §4): a mode grows to p w̄* only if
 * λ > 0 and ε < p w̄*. For JEPA w̄* = ρ^L falls with depth, so there is a deepest encoder.
 */

/** Whether the mode has to grow to p w̄* and does: λ > 0 and ε < p w̄*. */
export function isLearnable(objective: Objective, point: Point): boolean {
  const { depth, lambda, rho, scale, fraction } = point
  return lambda > 0 && scale < fraction * fixedPoint(objective, rho, depth)
}

/**
 * L_max, the largest depth with ε < p ρ^L (JEPA): 0 where even L = 1 is too deep, Infinity where ρ ≥ 1 and
 * some depth (so every deeper one) qualifies.
 */
export function depthLimit(rho: number, scale: number, fraction: number): number {
  checkFraction(fraction)
  if (!(rho > 0 && scale > 0)) throw new RangeError(`ρ = ${rho} and ε = ${scale} must be above 0.`)
  if (rho > 1) return Infinity
  if (rho === 1) return scale < fraction ? Infinity : 0
  const fits = (depth: number) => scale < fraction * rho ** depth
  let depth = Math.max(0, Math.floor(Math.log(scale / fraction) / Math.log(rho)))
  while (depth > 0 && !fits(depth)) depth-- // the logarithms round either way
  while (fits(depth + 1)) depth++
  return depth
}
