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
const NEAR = 3 // nodes on either side that a polynomial goes through
const SAME_PLACE = 1e-4 // in y: nearer nodes would magnify their rounding

/** The points of one feature, up to the first amplitude that is not a number. Rows and passages rise in time. */
export function measuredCurve({ time, amplitudes, passages }: Measurements, feature: number): MeasuredCurve {
  const rows = amplitudes[feature]!
  const rungs = passages[feature]!
  const curve = { time: [] as number[], amplitude: [] as number[] }
  let last = -1
  for (let row = 0, rung = 0; row < time.length || rung < rungs.time.length; ) {
    const isRow = rung >= rungs.time.length || time[row]! <= rungs.time[rung]! // at equal times the row comes first
    const t = isRow ? time[row]! : rungs.time[rung]!
    const w = isRow ? rows[row++]! : rungs.amplitude[rung++]!
    if (!Number.isFinite(w)) break
    if (t - last <= SAME_TIME * t) continue
    curve.time.push(t)
    curve.amplitude.push(w)
    last = t
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
  const arrived = fixedPoint - reached < ARRIVED * fixedPoint && at >= NEAR
  return (arrived ? extrapolate : interpolate)(nodes, at, place(level))
}

/** The amplitude at a time, or null before the first and after the last point. */
export function amplitudeAt(curve: MeasuredCurve, time: number): number | null {
  const at = curve.time.findIndex((t) => t >= time)
  if (at < 0 || time < curve.time[0]!) return null
  if (at === 0) return curve.amplitude[0]!
  const first = Math.max(0, at - NEAR)
  const nodes = curve.time
    .slice(first, at + NEAR)
    .map((t, k) => [t, Math.log(Math.max(curve.amplitude[first + k]!, Number.MIN_VALUE))] as const)
  return Math.exp(interpolate(nodes, at - first, time))
}

type Node = readonly [x: number, y: number]

/** Nodes (y, time) where the amplitude stood higher than ever before; `at` is the first at or above the level. */
function climb(curve: MeasuredCurve, first: number, place: (w: number) => number) {
  const nodes: Node[] = []
  let at = 0
  let highest = Number.NEGATIVE_INFINITY
  for (let k = 0; k < curve.amplitude.length; k++) {
    const w = curve.amplitude[k]!
    if (k > first && nodes.length > at + NEAR) break
    if (w <= 0) continue
    const y = place(w)
    const gain = y - highest
    if (k === first) {
      if (gain <= 0) throw new Error('The first point above the level is no higher than one below it.')
      at = nodes.length
    } else if (gain <= SAME_PLACE) continue
    nodes.push([y, curve.time[k]!])
    highest = y
  }
  return { nodes, at }
}

/** The value at x of the polynomial through the three nodes on either side of it, kept between its neighbours' values. */
function interpolate(nodes: readonly Node[], at: number, x: number): number {
  const near = nodes.slice(Math.max(0, at - NEAR), at + NEAR)
  return keptBetween(nodes, at, x, lagrange(near, x))
}

/** The value at x of the parabola through the three nodes before it, kept likewise. */
function extrapolate(nodes: readonly Node[], at: number, x: number): number {
  return keptBetween(nodes, at, x, lagrange(nodes.slice(Math.max(0, at - NEAR), at), x))
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
