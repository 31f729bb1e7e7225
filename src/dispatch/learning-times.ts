import type { LinearSpec, ResolvedSpec } from '../experiment/resolve.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { criticalTime } from '../theory/critical-times.ts'
import { fixedPoint } from '../theory/fixed-points.ts'

/** What theory says of one feature of a run that starts balanced at the spec's scale. Times are flow times. */
export interface Outlook {
  readonly index: number
  readonly lambda: number
  readonly rho: number
  readonly fixedPoint: number // w̄*
  readonly criticalTime: number // Infinity: never; 0: it starts at or above p w̄*
}

/** The outlook of every feature; null for explicit weights, which have no scale. */
export function outlooks(spec: LinearSpec, { lambda, rho }: SpectrumView): Outlook[] | null {
  const { init, objective, model, measure } = spec
  if (init.kind === 'explicit') return null
  return lambda.map((each, index) => {
    const regression = rho[index] ?? 0
    const point = {
      depth: model.depth,
      lambda: each,
      rho: regression,
      scale: init.scale,
      fraction: measure.fraction,
    }
    const learns = each > 0 && regression > 0
    return {
      index,
      lambda: each,
      rho: regression,
      fixedPoint: learns ? fixedPoint(objective, regression, model.depth) : 0,
      criticalTime: learns ? criticalTime(objective, point) : Infinity,
    }
  })
}

/** The features that have to grow and do, the first to be learned and the last; null where there is none. */
export function slowestAndFirst(
  spec: LinearSpec,
  spectrum: SpectrumView,
): { readonly first: number; readonly slowest: Outlook } | null {
  const learned = (outlooks(spec, spectrum) ?? []).filter(
    (each) => each.criticalTime > 0 && each.criticalTime < Infinity,
  )
  const [any] = learned
  if (any === undefined) return null
  const slowest = learned.reduce((most, each) => (each.criticalTime > most.criticalTime ? each : most), any)
  return { first: Math.min(...learned.map((each) => each.criticalTime)), slowest }
}

/** Flow time that a run reaches: Σ learning rate over its steps. */
export function flowTimeOf({ training }: ResolvedSpec): number {
  if (training.mode === 'flow') return training.time
  const { learningRate, steps, schedule } = training
  if (schedule === 'constant') return learningRate * steps
  if (schedule === 'cosine') return (learningRate * steps) / 2
  if (schedule.kind === 'cosine') {
    const warmup = Math.min(schedule.warmup ?? 0, steps)
    return learningRate * (warmup / 2 + ((steps - warmup) * (1 + (schedule.final ?? 0))) / 2)
  }
  const ends = [...schedule.at.filter((at) => at < steps).sort((a, b) => a - b), steps]
  let [time, from, rate] = [0, 0, learningRate]
  for (const end of ends) {
    time += rate * (end - from)
    from = end
    rate *= schedule.factor
  }
  return time
}
