import type { Objective } from '../experiment/spec.ts'
import { criticalTime, maeConstant } from './critical-times.ts'
import { checkDepth } from './mode.ts'

/**
 * Where two features change places in the order of learning (docs/theory.md §4).
 *
 * λ t* = τ(ρ, ε, L, p) does not hold λ, so feature 0 comes before feature 1 iff λ₀/λ₁ > R = τ(ρ₀)/τ(ρ₁). With
 * R_J of JEPA and R_M of MAE the two objectives learn in opposite order iff λ₀/λ₁ lies between them. For ε → 0
 *
 *   R_J ~ 1 + (2L−1)/(2L−2) ε^(1/L) (1/ρ₀ − 1/ρ₁)        L ≥ 2
 *       ~ 1 + ε ln(1/ε) (1/ρ₀ − 1/ρ₁)                    L = 1
 *   R_M ~ 1 + (L−1) ε^((L−1)/L) C_L(p) (ρ₀^(−(L−1)/(L+1)) − ρ₁^(−(L−1)/(L+1)))      L ≥ 2
 *       ~ 1 + ln(ρ₀/ρ₁)/(2 ln(1/ε))                      L = 1
 *
 * and at fixed u₀ = ε^(1/L), L → ∞: R_J → (1 − u₀/ρ₁)/(1 − u₀/ρ₀). Steps in docs/derivations/crossover.md.
 */
export interface Pair {
  readonly depth: number
  readonly scale: number // ε
  readonly rho: readonly [number, number]
  readonly fraction: number // p
}

/**
 * R = τ(ρ₀)/τ(ρ₁), the λ₀/λ₁ above which feature 0 comes first. Infinity where feature 1 starts at its level and
 * feature 0 does not; NaN never: 1 where both start there (equal times at any λ).
 */
export function crossoverRatio(objective: Objective, { depth, scale, rho, fraction }: Pair): number {
  const [first, second] = rho.map((r) =>
    criticalTime(objective, { depth, scale, fraction, rho: r, lambda: 1 }),
  )
  return first === 0 && second === 0 ? 1 : first! / second!
}

/** The leading form of R for ε → 0. */
export function crossoverAsymptote(objective: Objective, { depth, scale, rho, fraction }: Pair): number {
  checkDepth(depth)
  const [a, b] = rho
  if (objective === 'jepa') {
    const size =
      depth === 1 ? -scale * Math.log(scale) : ((2 * depth - 1) / (2 * depth - 2)) * scale ** (1 / depth)
    return 1 + size * (1 / a - 1 / b)
  }
  if (depth === 1) return 1 - Math.log(a / b) / (2 * Math.log(scale))
  const power = -(depth - 1) / (depth + 1)
  const size = (depth - 1) * scale ** ((depth - 1) / depth) * maeConstant(depth, fraction)
  return 1 + size * (a ** power - b ** power)
}

/** The limit of R_J for L → ∞ at fixed layer scale u₀ = ε^(1/L) below both ρ. */
export function deepCrossover(layerScale: number, rho: readonly [number, number]): number {
  if (!(layerScale > 0 && layerScale < Math.min(...rho))) {
    throw new RangeError(`The layer scale ${layerScale} is not between 0 and both ρ, ${rho.join(' and ')}.`)
  }
  return (1 - layerScale / rho[1]) / (1 - layerScale / rho[0])
}

/** Which of two features is learned first, 0 or 1 (a tie goes to 0, as in `learningOrder`). */
export function firstLearned(objective: Objective, pair: Pair, lambda: readonly [number, number]): 0 | 1 {
  const { depth, scale, rho, fraction } = pair
  const time = (i: 0 | 1) =>
    criticalTime(objective, { depth, scale, fraction, rho: rho[i], lambda: lambda[i] })
  return time(0) <= time(1) ? 0 : 1
}

/** Whether JEPA and MAE learn the two features in opposite order. */
export function isInverted(pair: Pair, lambda: readonly [number, number]): boolean {
  return firstLearned('jepa', pair, lambda) !== firstLearned('mae', pair, lambda)
}
