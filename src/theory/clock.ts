import type { Objective } from '../experiment/spec.ts'
import { startLogit } from './critical-times.ts'
import { fixedPoint, layerFixedPoint, layerVelocity } from './fixed-points.ts'
import { growthTime, share } from './growth.ts'
import type { Mode } from './mode.ts'
import { powerSum, sumSlope, wholePower } from './powers.ts'
import { integrate } from './quadrature.ts'

/**
 * Flow time as a function of where a mode is, and its inverse (docs/theory.md §2, §3).
 *
 * A coordinate y rises with time and resolves the whole path:
 *
 *   growing    λ > 0, ε < w̄*   u = u* v, v = 1/(1 + e^(−y))   time by the closed form of growth.ts
 *   shrinking  λ > 0, ε > w̄*   u = u* v, v = 1 + e^(−y)       dT/dy = ρ/(λ u^(2L)) (JEPA),
 *                                                             u* / (λ u^L Σ_{k≤L} v^k) (MAE)
 *   vanishing  λ < 0            u = e^(−y)                     dT/dy = −u/u'
 *
 * The closed form cancels badly on the two decays, and their dT/dy is smooth in y, so those are integrated.
 */
export interface Clock {
  readonly start: number // y at time 0
  /** Flow time between two y, exact to rounding. */
  elapsed(from: number, to: number): number
  /** How far beyond the known part of the path a first guess of y may lie; `elapsed` costs as much as it spans. */
  readonly stride: number
  /** dT/dy > 0, monotone in y. */
  slope(y: number): number
  /** d ln(dT/dy)/dy, never beyond ± `stiffness`. */
  bend(y: number): number
  readonly stiffness: number
  /** w̄ at y. */
  amplitude(y: number): number
}

/** The clock of a mode that moves: λ ≠ 0 and ε ≠ w̄*. */
export function clockOf(objective: Objective, mode: Mode): Clock {
  if (mode.lambda < 0) return vanishing(objective, mode)
  const grows = mode.scale < fixedPoint(objective, mode.rho, mode.depth)
  return grows ? growing(objective, mode) : shrinking(objective, mode)
}

const LAST_STEP = 1e-5 // × stiffness; its third power is below rounding

/** The y that is reached a time `wait` ≥ 0 after `from`: Halley's method, kept inside a bracket. */
export function advance(clock: Clock, from: number, wait: number): number {
  let [low, high] = [from, Infinity]
  const furthest = (low: number) => low + Math.max(clock.stride, low - from)
  const straight = wait / clock.slope(from)
  const turn = 0.5 * straight * clock.bend(from)
  let y = Math.min(from + (Math.abs(turn) < 0.5 ? straight / (1 + turn) : straight), furthest(from))
  for (let iteration = 0; iteration < 200; iteration++) {
    const excess = clock.elapsed(from, y) - wait
    if (excess > 0) high = y
    else low = y
    const newton = excess / clock.slope(y)
    const step = newton / Math.max(0.5, 1 - 0.5 * newton * clock.bend(y))
    const halley = y - step
    if (Math.abs(step) <= Math.max(LAST_STEP / clock.stiffness, 1e-12 * Math.abs(y))) {
      return Math.max(halley, from)
    }
    let next = high === Infinity ? Math.min(halley, furthest(low)) : halley
    if (!(next > low && next < high)) next = high < Infinity ? (low + high) / 2 : furthest(low)
    y = next
  }
  return y // the bracket has shrunk to the rounding of `elapsed`
}

function growing(objective: Objective, mode: Mode): Clock {
  const { depth, lambda, rho } = mode
  const target = layerFixedPoint(objective, rho, depth)
  const slope = (y: number) => {
    const layer = target * share(y)
    return objective === 'jepa'
      ? layer ** (1 - 2 * depth) / lambda
      : layer ** (1 - depth) / (lambda * powerSum(share(y), depth))
  }
  return {
    start: startLogit(objective, mode),
    stride: Infinity,
    elapsed: (from, to) => growthTime(objective, mode, from, to),
    slope,
    bend(y) {
      const v = share(y)
      const sum = objective === 'jepa' ? depth : sumSlope(v, depth)
      return (1 - v) * (1 - depth - sum)
    },
    stiffness: 2 * depth,
    amplitude: (y) => fixedPoint(objective, rho, depth) * share(y) ** depth,
  }
}

const FLAT = 40 // past y = 40, u is u* to 4e-18 and dT/dy no longer changes

function shrinking(objective: Objective, mode: Mode): Clock {
  const { depth, lambda, rho, scale } = mode
  const target = layerFixedPoint(objective, rho, depth)
  const slope = (y: number) => {
    const excess = 1 + Math.exp(-y) // u/u*
    const layer = target * excess
    const power = wholePower(layer, depth)
    return objective === 'jepa'
      ? rho / (lambda * power * power)
      : (1 / (lambda * power * powerSum(excess, depth))) * target
  }
  return {
    bend(y) {
      const x = Math.exp(-y)
      const sum = objective === 'jepa' ? depth : sumSlope(1 + x, depth)
      return (x / (1 + x)) * (depth + sum)
    },
    stiffness: 2 * depth,
    start: -Math.log(Math.expm1(Math.log(scale) / depth - Math.log(target))),
    stride: FLAT,
    elapsed: (from, to) =>
      integrate(slope, Math.min(from, FLAT), Math.min(to, FLAT), 0.5) +
      slope(FLAT) * (Math.max(to, FLAT) - Math.max(from, FLAT)),
    slope,
    amplitude: (y) => (target * (1 + Math.exp(-y))) ** depth,
  }
}

function vanishing(objective: Objective, { depth, lambda, rho, scale }: Mode): Clock {
  const slope = (y: number) => {
    const layer = Math.exp(-y)
    return -layer / layerVelocity(objective, layer, lambda, rho, depth)
  }
  return {
    bend(y) {
      const layer = Math.exp(-y)
      const order = objective === 'jepa' ? 1 : depth + 1
      const pull = wholePower(layer, order) / -rho
      return (objective === 'jepa' ? 2 * depth - 1 : depth - 1) + order / (1 + 1 / pull)
    },
    stiffness: 2 * depth,
    start: -Math.log(scale) / depth,
    stride: 1,
    elapsed: (from, to) => integrate(slope, from, to, 1 / depth), // dT/dy grows like e^((2L−1)y)
    slope,
    amplitude: (y) => Math.exp(-y * depth),
  }
}
