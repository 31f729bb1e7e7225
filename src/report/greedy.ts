import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { greedyIndex } from '../theory/order.ts'
import type { Forecast } from './forecast.ts'
import { amplitudeAt, type MeasuredCurve, timeOfReaching } from './measured-curve.ts'

/**
 * How much one feature at a time is learned (docs/theory.md §4): for features i, j learned one after the
 * other, φ = w̄_j/w̄_j* at the time at which feature i reaches 0.9 w̄_i*, clipped at 1; the index is 1 − mean φ.
 * 1 is one at a time, 0 all together. Features never learned are left out; a single one gives 1.
 */
const REACHED = 0.9

/**
 * Null where nothing was learned, or where the run ended before a feature but the last reached 0.9 w̄*.
 *
 * @param learned indices of the features learned, by measured critical time
 */
export function measuredGreedyIndex(
  learned: readonly number[],
  features: ResultView['features'],
  curves: readonly MeasuredCurve[],
): number | null {
  if (learned.length === 0) return null
  if (learned.length === 1) return 1
  let sum = 0
  for (const [k, next] of learned.slice(1).entries()) {
    const earlier = learned[k]!
    const fixedPoint = features[earlier]!.amplitude.fixedPoint!
    const time = timeOfReaching(curves[earlier]!, REACHED * fixedPoint, fixedPoint)
    const amplitude = time === null ? null : amplitudeAt(curves[next]!, time)
    if (amplitude === null) return null
    sum += Math.min(1, amplitude / features[next]!.amplitude.fixedPoint!)
  }
  return 1 - sum / (learned.length - 1)
}

/** Of the balanced start that each forecast speaks of; null where theory says that nothing is learned. */
export function predictedGreedyIndex(spec: ResolvedSpec, forecasts: readonly Forecast[]): number | null {
  const { fraction } = spec.measure
  const points = forecasts.flatMap(({ mode }) => (mode === null ? [] : [{ ...mode, fraction }]))
  return greedyIndex(spec.objective, points)
}
