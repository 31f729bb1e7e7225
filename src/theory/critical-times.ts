import type { Objective } from '../experiment/spec.ts'
import { fixedPoint, layerFixedPoint } from './fixed-points.ts'
import { growthTime, logitFromLog, share, softplus } from './growth.ts'
import { maeIntegral } from './mae-integral.ts'
import { checkFraction, checkMode, type Mode, type Point } from './mode.ts'

/**
 * The critical time t*(p): when a mode's amplitude w̄ first reaches p w̄* from ε (docs/theory.md §3).
 *
 * t* = leading + remainder, both exact. With c = p^(1/L), a = ε^(1/L)/u*, G of mae-integral.ts,
 *
 *   JEPA        leading   = (1/λ) Σ_{n=1}^{2L−1} 1/(n ρ^(2L−1−n) ε^(n/L))
 *               remainder = [logit c − logit a − Σ_{n=1}^{2L−1} c^(−n)/n] / (λ ρ^(2L−1))
 *   MAE, L = 1  leading   = ln(1/ε)/λ,   remainder = [½ ln ρ + ln c + G(c) − G(a)]/λ
 *   MAE, L > 1  leading   = 1/(λ (L−1) ε^((L−1)/L)),
 *               remainder = [C_L(p) − G(a)] / (λ ρ^((L−1)/(L+1))),   C_L(p) = G(c) − c^(1−L)/(L−1)
 *
 * Theorems 4.4 and 4.5 of arXiv 2407.03475 give the leading orders; the rest is derived in
 * docs/derivations/critical-times.md. The time is 0 where ε ≥ p w̄* (there already, or shrinking towards
 * w̄* from above) and Infinity where λ ≤ 0 (never learned).
 */

/** t*(p) in flow time: 0 where the mode starts at or above p w̄*, Infinity where λ ≤ 0. */
export function criticalTime(objective: Objective, point: Point): number {
  checkPoint(point)
  if (point.lambda <= 0) return Infinity
  if (!startsBelow(objective, point)) return 0
  const start = point.scale ** (1 / point.depth)
  return growthTime(objective, point, startLogit(objective, point), levelLogit(point), start)
}

/** The leading sum of t* in flow time, whether or not the mode starts above p w̄*; Infinity where λ ≤ 0. */
export function leadingTime(objective: Objective, point: Point): number {
  checkPoint(point)
  const { depth, lambda, rho, scale } = point
  if (lambda <= 0) return Infinity
  if (objective === 'mae') {
    if (depth === 1) return -Math.log(scale) / lambda
    return scale ** ((1 - depth) / depth) / (lambda * (depth - 1))
  }
  let sum = 0
  const terms = 2 * depth - 1
  for (let n = 1; n <= terms; n++) sum += (scale ** (-n / depth) * rho ** (n - terms)) / n
  return sum / lambda
}

/** t* − leading, without the cancellation of that difference; Infinity where λ ≤ 0. */
export function remainder(objective: Objective, point: Point): number {
  checkPoint(point)
  if (point.lambda <= 0) return Infinity
  if (!startsBelow(objective, point)) return -leadingTime(objective, point)
  return (objective === 'jepa' ? jepaRemainder : maeRemainder)(point)
}

/** C_L(p) = G(c) − c^(1−L)/(L−1), to which λ ρ^((L−1)/(L+1)) × MAE's remainder tends as ε → 0; L ≥ 2. */
export function maeConstant(depth: number, fraction: number): number {
  if (!(depth >= 2)) throw new RangeError(`C_L needs a depth of 2 or more, not ${depth}.`)
  checkFraction(fraction)
  return levelIntegral(depth, fraction) - fraction ** ((1 - depth) / depth) / (depth - 1)
}

/** y = logit(u/u*) of a mode at time 0, for ε < w̄*. */
export function startLogit(objective: Objective, { depth, rho, scale }: Mode): number {
  return logitFromLog(Math.log(scale) / depth - Math.log(layerFixedPoint(objective, rho, depth)))
}

/** y = logit(p^(1/L)) of the level at which a mode counts as learned. */
function levelLogit({ depth, fraction }: Point): number {
  return logitFromLog(Math.log(fraction) / depth)
}

function checkPoint(point: Point): void {
  checkMode(point)
  checkFraction(point.fraction)
}

function startsBelow(objective: Objective, point: Point): boolean {
  return point.scale < point.fraction * fixedPoint(objective, point.rho, point.depth)
}

function jepaRemainder(point: Point): number {
  const { depth, lambda, rho, fraction } = point
  const terms = 2 * depth - 1
  let sum = levelLogit(point) - startLogit('jepa', point)
  for (let n = 1; n <= terms; n++) sum -= fraction ** (-n / depth) / n
  return sum / (lambda * rho ** terms)
}

function maeRemainder(point: Point): number {
  const { depth, lambda, rho, fraction } = point
  const y = startLogit('mae', point)
  const start = maeIntegral(share(y), -softplus(y), depth)
  if (depth === 1) {
    return (0.5 * Math.log(rho) + Math.log(fraction) + levelIntegral(1, fraction) - start) / lambda
  }
  return (maeConstant(depth, fraction) - start) / (lambda * rho ** ((depth - 1) / (depth + 1)))
}

/** G(p^(1/L)). */
function levelIntegral(depth: number, fraction: number): number {
  const logarithm = Math.log(fraction) / depth
  return maeIntegral(Math.exp(logarithm), Math.log(-Math.expm1(logarithm)), depth)
}
