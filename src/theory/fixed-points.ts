import type { Objective } from '../experiment/spec.ts'
import { checkDepth } from './mode.ts'

/**
 * How fast a mode moves and where gradient flow leaves it.
 *
 * Setting. Diagonal modes, L balanced layers of gain u each and a decoder of gain u, w̄ = uᴸ, squared loss
 * halved, stop-gradient on JEPA's target; λ, ρ as in mode.ts. Time is learning rate × step.
 *
 *   JEPA  u' = λ u^(2L) (1 − u/ρ)       w̄' = L λ (w̄^(3−1/L) − w̄³/ρ)   u* = ρ           w̄* = ρ^L
 *   MAE   u' = λ u^L (1 − u^(L+1)/ρ)    w̄' = L λ (w̄^(2−1/L) − w̄³/ρ)   u* = ρ^(1/(L+1)) w̄* = ρ^(L/(L+1))
 *
 * A mode with λ ≤ 0 has no fixed point but 0. Source: arXiv 2407.03475, docs/theory.md §2 and §7; steps in
 * docs/derivations/fixed-points.md. The paper, as transcribed, writes the second column without its factor
 * L: its time is L × ours.
 */

/** The non-zero fixed point u* of one layer's gain; 0 where ρ ≤ 0. */
export function layerFixedPoint(objective: Objective, rho: number, depth: number): number {
  checkDepth(depth)
  if (rho <= 0) return 0
  return objective === 'jepa' ? rho : rho ** (1 / (depth + 1))
}

/** The non-zero fixed point w̄* of the encoder's amplitude; 0 where ρ ≤ 0. */
export function fixedPoint(objective: Objective, rho: number, depth: number): number {
  checkDepth(depth)
  if (rho <= 0) return 0
  return rho ** (objective === 'jepa' ? depth : depth / (depth + 1))
}

/** du/dt of a layer's gain u ≥ 0. With λ = 0 the variance is unknown and taken as 0: nothing moves. */
export function layerVelocity(
  objective: Objective,
  layer: number,
  lambda: number,
  rho: number,
  depth: number,
): number {
  if (lambda === 0) return 0
  const power = layer ** depth
  return objective === 'jepa'
    ? lambda * power * power * (1 - layer / rho)
    : lambda * power * (1 - (power * layer) / rho)
}

/** dw̄/dt = L w̄/u du/dt of the encoder's amplitude w̄ ≥ 0. */
export function modeVelocity(
  objective: Objective,
  amplitude: number,
  lambda: number,
  rho: number,
  depth: number,
): number {
  const layer = amplitude ** (1 / depth)
  return depth * layer ** (depth - 1) * layerVelocity(objective, layer, lambda, rho, depth)
}

/** The second moments along the features that a population loss needs, each [features]. */
interface FeatureMoments {
  readonly lambda: readonly number[]
  readonly rho: readonly number[]
  readonly sigmaY2: readonly number[] // q'Syy q
}

/**
 * Population loss at the balanced fixed point:
 * JEPA Σ ½ ρ^(2L) (σy² − λρ), MAE Σ ½ (σy² − λρ); a mode with λ ≤ 0 ends at 0 and leaves 0 and ½ σy².
 */
export function fixedPointLoss(objective: Objective, features: FeatureMoments, depth: number): number {
  let loss = 0
  for (const [i, lambda] of features.lambda.entries()) {
    const rho = Math.max(features.rho[i]!, 0)
    const residual = features.sigmaY2[i]! - Math.max(lambda, 0) * rho
    loss += 0.5 * (objective === 'jepa' ? rho ** (2 * depth) * residual : residual)
  }
  return loss
}
