import { depthOf } from '../experiment/model-spec.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import { criticalTime, leadingTime } from '../theory/critical-times.ts'
import { fixedPoint } from '../theory/fixed-points.ts'
import type { Mode } from '../theory/mode.ts'
import { amplitudesAt } from '../theory/trajectories.ts'

/**
 * What theory says of one feature of a run, in the run's own time Σ learning rate.
 *
 * 1. λ and ρ are those along q_i. Where Sxx and Syx do not commute this is an approximation, and
 *    `applies.commuting` of the result says so.
 * 2. A start of kind balanced or orthogonal has amplitude ε = init.scale; any other kind takes the
 *    amplitude measured at time 0. Theory then speaks of the balanced start with that amplitude.
 * 3. Heavy-ball momentum μ moves the weights as flow does with learning rate η/(1 − μ), up to O(η). Time is
 *    not rescaled for it in the measurements, so predicted times are (1 − μ) × flow time.
 */
export interface Forecast {
  readonly fixedPoint: number // w̄*, 0 where λ ≤ 0
  readonly criticalTime: number | null // null: never
  readonly leadingOrder: number | null
  /** The mode of theory in flow time, or null where a start of 0 leaves nothing to grow. */
  readonly mode: Mode | null
}

/**
 * @param initial the measured amplitude at time 0
 * @param sigma2 the feature's variance, which λ and ρ do not tell where λ = 0
 */
export function forecastOf(
  spec: ResolvedSpec,
  lambda: number,
  rho: number,
  initial: number | null,
  sigma2?: number,
): Forecast {
  const { objective, model, measure } = spec
  const depth = depthOf(model)
  const scale = startScale(spec, initial)
  const variance = sigma2 === undefined ? {} : { sigma2 }
  const mode = scale > 0 ? { depth, lambda, rho, scale, ...variance } : null
  if (mode === null || lambda <= 0) {
    return {
      fixedPoint: lambda > 0 ? fixedPoint(objective, rho, depth) : 0,
      criticalTime: null,
      leadingOrder: null,
      mode,
    }
  }
  const point = { ...mode, fraction: measure.fraction }
  return {
    fixedPoint: fixedPoint(objective, rho, depth),
    criticalTime: finiteOrNull(timePerFlow(spec.training) * criticalTime(objective, point)),
    leadingOrder: finiteOrNull(timePerFlow(spec.training) * leadingTime(objective, point)),
    mode,
  }
}

/** Predicted amplitudes of the balanced flow at a run's times, [times]. */
export function forecastAmplitudes(
  spec: ResolvedSpec,
  { mode }: Forecast,
  times: readonly number[],
): (number | null)[] {
  if (mode === null) return times.map(() => 0)
  const flowTimes = times.map((time) => time / timePerFlow(spec.training))
  return amplitudesAt(spec.objective, mode, flowTimes).map(finiteOrNull)
}

/** A run's own time, Σ learning rate, per flow time: 1 − μ (3). */
export function timePerFlow(training: ResolvedSpec['training']): number {
  return training.mode === 'flow' ? 1 : 1 - training.momentum
}

function startScale({ init }: ResolvedSpec, initial: number | null): number {
  return init.kind === 'balanced' || init.kind === 'orthogonal' ? init.scale : (initial ?? 0)
}

/** The number where it is one, null where it is infinite or NaN. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
