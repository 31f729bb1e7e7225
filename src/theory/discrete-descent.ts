import type { Objective } from '../experiment/spec.ts'
import { fixedPoint, layerVelocity } from './fixed-points.ts'
import { checkFraction, checkMode, type Mode, type Point } from './mode.ts'

/**
 * Gradient descent on balanced weights, exactly (docs/theory.md §2): a step of size η on the matrices is an Euler
 * step on each layer's gain u, and keeps the weights balanced,
 *
 *   u ← u + η λ u^(2L) (1 − u/ρ)   JEPA        u ← u + η λ u^L (1 − u^(L+1)/ρ)   MAE
 *
 * An Euler step on w̄ = u^L is another scheme, off by O(η). No momentum, constant η.
 */

/** The layers' gain after one step of size η from u. */
export function descentStep(objective: Objective, layer: number, mode: Mode, learningRate: number): number {
  return layer + learningRate * layerVelocity(objective, layer, mode.lambda, mode.rho, mode.depth)
}

/**
 * w̄ after each listed number of steps.
 *
 * @param steps whole numbers ≥ 0, rising
 */
export function descentAmplitudes(
  objective: Objective,
  mode: Mode,
  learningRate: number,
  steps: readonly number[],
): number[] {
  checkMode(mode)
  let layer = mode.scale ** (1 / mode.depth)
  let now = 0
  return steps.map((step) => {
    for (; now < step; now++) layer = descentStep(objective, layer, mode, learningRate)
    return layer ** mode.depth
  })
}

/**
 * The number of steps after which w̄ is first at or past p w̄*: 0 where it starts there, Infinity where it
 * never gets there (λ ≤ 0, or a step too small to change a float64) or not within `limit` steps.
 */
export function firstStepPast(objective: Objective, point: Point, learningRate: number, limit = 1e9): number {
  checkMode(point)
  checkFraction(point.fraction)
  const { depth, lambda, rho, scale, fraction } = point
  if (lambda <= 0) return Infinity
  const level = (fraction * fixedPoint(objective, rho, depth)) ** (1 / depth)
  let layer = scale ** (1 / depth)
  for (let step = 0; step <= limit; step++) {
    if (layer >= level) return step
    const next = descentStep(objective, layer, point, learningRate)
    if (next === layer) return Infinity
    layer = next
  }
  return Infinity
}
