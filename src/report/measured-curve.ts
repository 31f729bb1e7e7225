import type { Measurements } from '../experiment/measurement.ts'

/**
 * What was seen of one feature's amplitude w: the rows of the schedule and, between them, the passages of
 * the ladder, in one series.
 *
 * Between its points the curve is read through six neighbours, in coordinates in which it is nearly
 * straight: time as a function of y = ln w − ln(w̄* − w), because a mode ends its rise as t ≈ y/rate
 * (docs/theory.md §3), and ln w as a function of time. Whatever the polynomial says, the answer stays
 * between the two measured points around it. From exact points, 40 rungs a decade and 200 rows, the time of
 * reaching p w̄* is read to 1e-9 for p up to 0.5, 1e-6 up to 0.9 and 1e-3 at 0.99 (relative; both objectives,
 * depth 1 to 6), where the ladder has no rung left and the rows alone tell.
 */
export interface MeasuredCurve {
  readonly time: readonly number[] // [points], strictly rising
  readonly amplitude: readonly number[] // [points], finite
}

const SAME_TIME = 1e-12 // relative; a row and a passage this close are one
const ARRIVED = 1e-5 // of w̄*, distance from it
const OVERSHOT = 1.001 // of w̄*: more is no arrival but a jump
const SAME_PLACE = 1e-4 // in y: nearer nodes would magnify their rounding

/** The points of one feature, up to the first amplitude that is not a number. */
export function measuredCurve({ time, amplitudes, passages }: Measurements, feature: number): MeasuredCurve {
  const rows = time.map((t, k) => [t, amplitudes[feature]![k]!] as const)
  const rungs = passages[feature]!.time.map((t, k) => [t, passages[feature]!.amplitude[k]!] as const)
  const merged = [...rows, ...rungs].sort(([a], [b]) => a - b) // stable: at equal times the row comes first
  const curve = { time: [] as number[], amplitude: [] as number[] }
  for (const [t, w] of merged) {
    if (!Number.isFinite(w)) break
    if (t - (curve.time.at(-1) ?? -1) <= SAME_TIME * t) continue
    curve.time.push(t)
    curve.amplitude.push(w)
  }
  return curve
}

/**
 * When the amplitude first reached a level: 0 where it started there or above, null where it never did.
 *
 * @param level of w, above 0
 * @param fixedPoint w̄*, only to choose the coordinate of the interpolation
 */
export function timeOfReaching(curve: MeasuredCurve, level: number, fixedPoint: number): number | null {
  const first = curve.amplitude.findIndex((w) => w >= level)
  if (first < 0) return null
  if (first === 0) return 0
  const reached = curve.amplitude[first]!
  if (reached > OVERSHOT * fixedPoint) {
    const { nodes, at } = climb(curve, first, Math.log)
    return at === 0 ? curve.time[first]! : interpolate(nodes, at, Math.log(level))
  }
  const place = (w: number) => Math.log(w / Math.max(fixedPoint - w, ARRIVED * fixedPoint))
  const { nodes, at } = climb(curve, first, place)
  if (at === 0) return curve.time[first]! // from 0 in one row: no logarithm to go by
  // Where that row found the mode arrived, its distance from w̄* is rounding and tells no time.
  const arrived = fixedPoint - reached < ARRIVED * fixedPoint && at >= 3
  return (arrived ? extrapolate : interpolate)(nodes, at, place(level))
}

/** The amplitude at a time, or null before the first and after the last point. */
export function amplitudeAt(curve: MeasuredCurve, time: number): number | null {
  const at = curve.time.findIndex((t) => t >= time)
  if (at < 0 || time < curve.time[0]!) return null
  if (at === 0) return curve.amplitude[0]!
  const nodes = curve.time.map(
    (t, k) => [t, Math.log(Math.max(curve.amplitude[k]!, Number.MIN_VALUE))] as const,
  )
  return Math.exp(interpolate(nodes, at, time))
}

type Node = readonly [x: number, y: number]

/** Nodes (y, time) where the amplitude stood higher than ever before; `at` is the first at or above the level. */
function climb(curve: MeasuredCurve, first: number, place: (w: number) => number) {
  const nodes: Node[] = []
  let at = 0
  for (const [k, w] of curve.amplitude.entries()) {
    if (k > first && nodes.length > at + 3) break
    if (w <= 0) continue
    const y = place(w)
    const gain = y - (nodes.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY)
    if (k === first) {
      if (gain <= 0) throw new Error('The first point above the level is no higher than one below it.')
      at = nodes.length
    } else if (gain <= SAME_PLACE) continue
    nodes.push([y, curve.time[k]!])
  }
  return { nodes, at }
}

/** The value at x of the polynomial through the three nodes on either side of it, kept between its neighbours' values. */
function interpolate(nodes: readonly Node[], at: number, x: number): number {
  const near = nodes.slice(Math.max(0, at - 3), at + 3)
  return keptBetween(nodes, at, x, lagrange(near, x))
}

/** The value at x of the parabola through the three nodes before it, kept likewise. */
function extrapolate(nodes: readonly Node[], at: number, x: number): number {
  return keptBetween(nodes, at, x, lagrange(nodes.slice(Math.max(0, at - 3), at), x))
}

function keptBetween(nodes: readonly Node[], at: number, x: number, value: number): number {
  const [x0, y0] = nodes[at - 1]!
  const [x1, y1] = nodes[at]!
  if (value >= Math.min(y0, y1) && value <= Math.max(y0, y1)) return value
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}

function lagrange(nodes: readonly Node[], x: number): number {
  let sum = 0
  for (const [i, [xi, yi]] of nodes.entries()) {
    let weight = 1
    for (const [j, [xj]] of nodes.entries()) if (j !== i) weight *= (x - xj) / (xi - xj)
    sum += weight * yi
  }
  return sum
}
