import type { CurvePoint } from './curves.ts'

const SETTLING_POINTS = 24

/**
 * Fills the gap that follows the last rung below the fixed point. The rows may be sparse there, and a
 * straight line would show a slow approach that nobody saw: the line keeps the rate of ln(w/(w̄* − w)) of the
 * last two points until it meets the next one's value.
 */
export function settle(points: readonly CurvePoint[]): CurvePoint[] {
  const filled: CurvePoint[] = []
  for (const [k, [time, share]] of points.entries()) {
    const [before, last] = [points[k - 2], points[k - 1]]
    if (before !== undefined && last !== undefined) filled.push(...approach(before, last, [time, share]))
    filled.push([time, share])
  }
  return filled
}

function approach(before: CurvePoint, last: CurvePoint, next: CurvePoint): CurvePoint[] {
  const risesLate = before[1] > 0.5 && last[1] > before[1] && next[1] > last[1] && last[1] < 1
  if (!risesLate) return []
  const [y0, y1, y2] = [logit(before[1]), logit(last[1]), logit(Math.min(next[1], 1))]
  const rate = (y1 - y0) / (last[0] - before[0])
  const arrival = Math.min((y2 - y1) / rate, next[0] - last[0]) // after the last point
  return Array.from({ length: SETTLING_POINTS }, (_, k) => {
    const part = (k + 1) / SETTLING_POINTS
    return [last[0] + part * arrival, 1 / (1 + Math.exp(-(y1 + part * (y2 - y1))))] as const
  })
}

/** ln(s/(1 − s)), with 1 taken as a thousandth below it. */
function logit(share: number): number {
  return Math.log(share / Math.max(1e-3, 1 - share))
}
