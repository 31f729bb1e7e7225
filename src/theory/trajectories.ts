import type { Objective } from '../experiment/spec.ts'
import { advance, clockOf } from './clock.ts'
import { fixedPoint } from './fixed-points.ts'
import { growingAmplitudes } from './growth-curve.ts'
import { logOmega } from './lambert.ts'
import { checkMode, type Mode } from './mode.ts'

/**
 * Exact amplitude w̄(t) of a balanced mode (docs/theory.md §3).
 *
 *   L = 1  MAE   w̄ = [(1 − E)/ρ + E/ε²]^(−1/2),  E = e^(−2λt)
 *          JEPA  w̄ = ρ/(1 + X),  X + ln X = x₀ + ln x₀ − λρt,  x₀ = ρ/ε − 1   (growth; Lambert W)
 *   else   the exact time of clock.ts, inverted in a coordinate that resolves both ends of the path.
 *
 *   λ = 0, both         u' = −σ² u^(2L+1), the limit of §2 at fixed σ²:  w̄ = ε (1 + 2L σ² ε² t)^(−1/2)
 */

/**
 * w̄ at each time of a list in any order.
 *
 * @param times flow times ≥ 0
 * @returns amplitudes in the order of `times`
 */
export function amplitudesAt(objective: Objective, mode: Mode, times: readonly number[]): number[] {
  checkMode(mode)
  for (const time of times) if (!(time >= 0)) throw new RangeError(`The time ${time} is not 0 or more.`)
  const { depth, lambda, rho, scale } = mode
  const target = fixedPoint(objective, rho, depth)
  if (lambda === 0) return times.map((t) => unrelated(mode, t))
  if (scale === target) return times.map(() => scale)
  if (depth === 1 && objective === 'mae') return times.map((t) => shallowMae(mode, t))
  if (depth === 1 && lambda > 0 && scale < target) return times.map((t) => shallowJepa(mode, t))
  return inOrder(objective, mode, times)
}

/** Views that share nothing along the feature: only x's own variance acts. */
function unrelated({ depth, scale, sigma2 = 0 }: Mode, time: number): number {
  return sigma2 === 0 ? scale : scale / Math.sqrt(1 + 2 * depth * sigma2 * scale ** 2 * time)
}

function shallowMae({ lambda, rho, scale }: Mode, time: number): number {
  if (time === 0) return scale // exactly
  const exponent = -2 * lambda * time
  return (-Math.expm1(exponent) / rho + Math.exp(exponent) / scale ** 2) ** -0.5
}

function shallowJepa({ lambda, rho, scale }: Mode, time: number): number {
  if (time === 0) return scale // exactly
  const start = rho / scale - 1
  return rho / (1 + logOmega(start + Math.log(start) - lambda * rho * time))
}

/** Each time is reached from the one before it, so a list costs a few evaluations a point. */
function inOrder(objective: Objective, mode: Mode, times: readonly number[]): number[] {
  if (times.every((time, k) => k === 0 || time >= times[k - 1]!)) return atRising(objective, mode, times)
  const rising = times.map((_, k) => k).sort((a, b) => times[a]! - times[b]!)
  const found = atRising(
    objective,
    mode,
    rising.map((k) => times[k]!),
  )
  const amplitudes = new Array<number>(times.length)
  for (const [i, k] of rising.entries()) amplitudes[k] = found[i]!
  return amplitudes
}

function atRising(objective: Objective, mode: Mode, rising: readonly number[]): number[] {
  const grows = mode.lambda > 0 && mode.scale < fixedPoint(objective, mode.rho, mode.depth)
  return (grows ? growingAmplitudes(objective, mode, rising) : null) ?? byClock(objective, mode, rising)
}

function byClock(objective: Objective, mode: Mode, rising: readonly number[]): number[] {
  const clock = clockOf(objective, mode)
  let [y, now] = [clock.start, 0]
  return rising.map((time) => {
    if (time === Infinity) return fixedPoint(objective, mode.rho, mode.depth)
    if (time > now) [y, now] = [advance(clock, y, time - now), time]
    return time > 0 ? clock.amplitude(y) : mode.scale
  })
}
