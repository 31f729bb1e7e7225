import { depthOf } from '../../../experiment/model-spec.ts'
import type { ResolvedSpec } from '../../../experiment/resolve.ts'
import { forecastOf } from '../../forecast.ts'
import type { FinishedSweepRun } from './sweep-drawing.ts'

/**
 * λ and ρ of data that are not opened for a drawing, from what theory has said of the run: ρ from the fixed point (docs/theory.md §2),
 * w̄* = ρ^L for JEPA and ρ^(L/(L+1)) for MAE, and λ from the critical time, for λ t* does not hold λ (§4). 0 for a feature of
 * which theory said nothing.
 */
export function spectrumFromTheory(
  spec: ResolvedSpec,
  { amplitudes, criticalTimes }: FinishedSweepRun,
  initial: readonly (number | null)[],
): { lambda: number[]; rho: number[] } {
  const depth = depthOf(spec.model)
  const power = spec.objective === 'jepa' ? 1 / depth : (depth + 1) / depth
  const rho = criticalTimes.predicted.map((_, i) => (amplitudes?.fixedPoint[i] ?? 0) ** power)
  const lambda = criticalTimes.predicted.map((time, i) => {
    if (time === null || !(time > 0) || !(rho[i]! > 0)) return 0
    return (forecastOf(spec, 1, rho[i]!, initial[i] ?? null).criticalTime ?? 0) / time
  })
  return { lambda, rho }
}
