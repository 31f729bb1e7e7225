import type { Objective } from '../experiment/spec.ts'
import { layerFixedPoint } from './fixed-points.ts'
import { maeIntegral } from './mae-integral.ts'

/**
 * Exact time that a growing mode (λ > 0, 0 < u < u*) takes between two gains (docs/theory.md §3).
 *
 * A gain is named by y = logit(u/u*), which resolves both ends: u = u* v, v = 1/(1 + e^(−y)). With
 * a, b the two values of v, q = ln(b/a) and u₀ = u* a,
 *
 *   JEPA  λ T = Σ_{n=1}^{2L−1} u₀^(−n) ρ^(n−2L+1) (1 − e^(−nq))/n + (y_b − y_a)/ρ^(2L−1)
 *   MAE   λ T = u₀^(1−L) (1 − e^((1−L)q))/(L−1) + (G(b) − G(a))/ρ^((L−1)/(L+1)),   first term q at L = 1
 *
 * Every term is positive, so nothing cancels, and u₀^(−n) stays below ε^(−2) where a^(−n) and
 * ρ^(1−2L) apart would overflow. Steps in docs/derivations/critical-times.md.
 */
interface Rates {
  readonly depth: number
  readonly lambda: number
  readonly rho: number
}

/** logit(v) from ln v < 0, exact for v close to 0 and to 1. */
export function logitFromLog(logarithm: number): number {
  return logarithm - Math.log(-Math.expm1(logarithm))
}

/** v = 1/(1 + e^(−y)), the gain as a share of its fixed point. */
export function share(y: number): number {
  return 1 / (1 + Math.exp(-y))
}

/** ln(1 + e^y) without overflow: −ln(1 − v) at y, and −ln v at −y. */
export function softplus(y: number): number {
  return y > 0 ? y + Math.log1p(Math.exp(-y)) : Math.log1p(Math.exp(y))
}

/**
 * Flow time from y = `from` to y = `to`, for λ > 0 and ρ > 0.
 *
 * @param start the layers' gain u₀ at `from`: the time is most sensitive to it, and u* share(y) carries the
 *   rounding of y
 */
export function growthTime(
  objective: Objective,
  mode: Rates,
  from: number,
  to: number,
  start = layerFixedPoint(objective, mode.rho, mode.depth) * share(from),
): number {
  const q = softplus(-from) - softplus(-to)
  const rest = objective === 'jepa' ? (to - from) / mode.rho ** (2 * mode.depth - 1) : maeRest(mode, from, to)
  const algebraic = objective === 'jepa' ? jepaSum(mode, start, q) : maeTerm(mode.depth, start, q)
  return (algebraic + rest) / mode.lambda
}

function jepaSum({ depth, rho }: Rates, start: number, q: number): number {
  const terms = 2 * depth - 1
  let sum = 0
  for (let n = 1; n <= terms; n++) sum += (start ** -n * rho ** (n - terms) * -Math.expm1(-n * q)) / n
  return sum
}

function maeTerm(depth: number, start: number, q: number): number {
  return depth === 1 ? q : (start ** (1 - depth) * -Math.expm1((1 - depth) * q)) / (depth - 1)
}

function maeRest({ depth, rho }: Rates, from: number, to: number): number {
  const integral =
    maeIntegral(share(to), -softplus(to), depth) - maeIntegral(share(from), -softplus(from), depth)
  return integral / rho ** ((depth - 1) / (depth + 1))
}
