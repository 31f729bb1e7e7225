import type { Objective } from '../experiment/spec.ts'
import { startLogit } from './critical-times.ts'
import { fixedPoint } from './fixed-points.ts'
import { logitFromLog, share } from './growth.ts'
import { maeIntegral } from './mae-integral.ts'
import type { Mode } from './mode.ts'
import { wholePower } from './powers.ts'

/**
 * Amplitudes of a growing mode (λ > 0, ε < w̄*) of depth 2 or more: the times of growth.ts, inverted. In a time of their
 * own, s = cλt, all modes of an objective and a depth follow one curve (docs/theory.md §3), s = g(y) − g(y₀):
 *
 *   JEPA  c = ρ^(2L−1)          g = y − Σ_{n<2L} rⁿ/n,  r = 1/v = 1 + e^(−y)
 *         g' = r^(2L−1)         g'' = −(2L−1) r^(2L−2) (r − 1)
 *   MAE   c = ρ^((L−1)/(L+1))   g = G(v) − v^(1−L)/(L−1),  G of mae-integral.ts
 *         g' = v^(1−L)/S        g'' = −g' (1 − v) (L − 1 + v S'/S),  S = Σ_{k≤L} v^k
 *
 * g rises and bends down, so that Halley's method finds y from the place before in an evaluation or two. Its step is
 * wrong by about its third power, which says when it is the last.
 */
interface Curve {
  /** ln g' falls at most so fast with y. */
  readonly stiffness: number
  /** A place at which g is about `value`, for values far below 0. */
  below(value: number): number
  /** [g, g', g''] at y, into `out`. */
  read(y: number, out: Float64Array): void
}

/** Amplitudes at rising flow times, or null where the numbers on the way would leave float64. */
export function growingAmplitudes(
  objective: Objective,
  mode: Mode,
  times: readonly number[],
): number[] | null {
  const { depth, lambda, rho } = mode
  const jepa = objective === 'jepa'
  const pace = lambda * rho ** (jepa ? 2 * depth - 1 : (depth - 1) / (depth + 1))
  const curve = jepa ? jepaCurve(depth) : maeCurve(depth)
  const at = new Float64Array(3) // g, g', g'' at y
  let y = startLogit(objective, mode)
  curve.read(y, at)
  const start = at[0]!
  if (!(Number.isFinite(at[1]! * at[2]!) && pace > SMALLEST && pace < 1 / SMALLEST)) return null
  const target = fixedPoint(objective, rho, depth)
  return times.map((time) => {
    if (time === 0) return mode.scale // exactly
    if (time === Infinity) return target
    const { place, last } = seek(curve, start + pace * time, y, at)
    y = last
    return target * wholePower(share(place), depth)
  })
}

const SMALLEST = 1e-280
const LAST_STEP = 1e-5 // × stiffness; its third power is below rounding

/** The place where g is `goal`, and the last one where it was read into `at`. */
function seek(curve: Curve, goal: number, from: number, at: Float64Array): { place: number; last: number } {
  let [low, high, y] = [-Infinity, Infinity, from]
  for (let iteration = 0; iteration < 100; iteration++) {
    const miss = goal - at[0]!
    if (miss > 0) low = y
    else high = y
    const newton = miss / at[1]!
    const step = newton / Math.max(0.5, 1 + (newton * at[2]!) / (2 * at[1]!))
    let next = y + step
    if (Math.abs(step) <= Math.max(LAST_STEP / curve.stiffness, 1e-12 * Math.abs(y))) {
      return { place: next, last: y }
    }
    if (step * curve.stiffness > 2 && goal < -1e3) next = Math.max(next, curve.below(goal))
    if (!(next > low && next < high)) {
      if (high === Infinity || low === -Infinity) return { place: y, last: y } // no float64 in between
      next = (low + high) / 2
    }
    y = next
    curve.read(y, at)
  }
  return { place: y, last: y } // the bracket has shrunk to the rounding of g
}

function jepaCurve(depth: number): Curve {
  const terms = 2 * depth - 1
  return {
    stiffness: terms,
    below: (value) => -Math.log((-terms * value) ** (1 / terms) - 1),
    read(y, out) {
      const x = Math.exp(-y)
      const r = 1 + x
      let sum = 0
      for (let n = terms; n >= 1; n--) sum = r * (sum + 1 / n)
      const steep = wholePower(r, terms - 1)
      out[0] = y - sum
      out[1] = steep * r
      out[2] = -terms * steep * x
    },
  }
}

function maeCurve(depth: number): Curve {
  return {
    stiffness: depth,
    below: (value) => logitFromLog(Math.log((1 - depth) * value) / (1 - depth)),
    read(y, out) {
      const x = Math.exp(-y)
      const v = 1 / (1 + x)
      let [powers, slope] = [1, 0] // S and S'
      for (let k = 1; k <= depth; k++) {
        slope = slope * v + powers
        powers = powers * v + 1
      }
      const steep = wholePower(1 + x, depth - 1)
      const rate = steep / powers
      out[0] = maeIntegral(v, -Math.max(y, 0) - Math.log1p(y > 0 ? x : 1 / x), depth) - steep / (depth - 1)
      out[1] = rate
      out[2] = -rate * x * v * (depth - 1 + (v * slope) / powers)
    },
  }
}
