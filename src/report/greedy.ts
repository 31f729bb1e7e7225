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
 * Null where nothing was learned. A pair whose earlier feature never reached 0.9 w̄* in the run is left out; null
 * where that leaves none.
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
  const phi = learned.slice(1).flatMap((next, k) => {
    const earlier = learned[k]!
    const fixedPoint = features[earlier]!.amplitude.fixedPoint!
    const time = timeOfReaching(curves[earlier]!, REACHED * fixedPoint, fixedPoint)
    const amplitude = time === null ? null : amplitudeAt(curves[next]!, time)
    return amplitude === null ? [] : [Math.min(1, amplitude / features[next]!.amplitude.fixedPoint!)]
  })
  return phi.length === 0 ? null : 1 - phi.reduce((sum, value) => sum + value, 0) / phi.length
}

/** Of the balanced start that each forecast speaks of; null where theory says that nothing is learned. */
export function predictedGreedyIndex(spec: ResolvedSpec, forecasts: readonly Forecast[]): number | null {
  const { fraction } = spec.measure
  const points = forecasts.flatMap(({ mode }) => (mode === null ? [] : [{ ...mode, fraction }]))
  return greedyIndex(spec.objective, points)
}
