import type { Objective } from '../experiment/spec.ts'
import { checkDepth } from './mode.ts'

/**
 * Whether plain float32 weights move at all from a small balanced start (docs/theory.md §6).
 *
 * The first update changes a layer's gain u = ε^(1/L) by the share
 *
 *   JEPA  η λ ε^((2L−1)/L)        MAE  η λ ε^((L−1)/L)          (1 − (u/u*)… taken as 1)
 *
 * A float32 keeps 24 bits: a change under 2^−25 of a number is always rounded away, one over 2^−24 never
 * is. Between the two it depends on the number's leading digits.
 */
const STALL = 2 ** -25

interface FirstStep {
  readonly lambda: number
  readonly scale: number // ε
  readonly depth: number
  readonly learningRate: number // η
}

/** The first update of a layer's gain over the gain; its sign is λ's. */
export function relativeFirstStep(objective: Objective, step: FirstStep): number {
  const { lambda, scale, depth, learningRate } = step
  checkDepth(depth)
  const power = (objective === 'jepa' ? 2 * depth - 1 : depth - 1) / depth
  return learningRate * lambda * scale ** power
}

/** Whether float32 training never moves: the first step is under 2^−25 of the weights. */
export function stallsInFloat32(objective: Objective, step: FirstStep): boolean {
  return Math.abs(relativeFirstStep(objective, step)) < STALL
}
