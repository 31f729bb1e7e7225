import { specAt } from '../../../experiment/axes.ts'
import { resolveSpec } from '../../../experiment/resolve.ts'
import type { ExperimentSpec } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Point } from '../../../experiment/sweep-view.ts'
import { forecastOf } from '../../forecast.ts'
import { spectrumAt } from './features.ts'
import type { Spot } from './spots.ts'
import type { SweepAxis } from './sweep-axes.ts'

/** Predicted critical times along an axis: between the runs too where theory can be asked there. */
export interface TheoryPoint {
  readonly at: number // place on the axis
  readonly times: readonly (number | null)[] // [features]
}

const BETWEEN = 60

/**
 * @param spots of one objective, one for each place of the axis, rising
 */
export function theoryAlong(spec: SweepSpec, axis: SweepAxis, spots: readonly Spot[]): TheoryPoint[] {
  const atRuns = spots.map((spot) => ({ at: axis.placeOf(spot.point)!, times: spot.predicted }))
  const [first, last] = [atRuns[0], atRuns.at(-1)]
  if (!axis.continuous || first === undefined || last === undefined || first.at === last.at) return atRuns
  const along = (share: number) =>
    axis.kind === 'log' ? first.at * (last.at / first.at) ** share : first.at + share * (last.at - first.at)
  if (!isSame(predictedTimes(spec, spots[0]!.point), spots[0]!.predicted)) return atRuns
  const between = Array.from({ length: BETWEEN - 1 }, (_, k) => along((k + 1) / BETWEEN)).flatMap((at) => {
    const times = predictedTimes(spec, { ...spots[0]!.point, [axis.path]: at })
    return times === null ? [] : [{ at, times }]
  })
  return [...atRuns, ...between].sort((a, b) => a.at - b.at)
}

const SAME = 1e-6 // relative

/** Whether theory asked here says what it said of the runs. */
function isSame(a: readonly (number | null)[] | null, b: readonly (number | null)[]): boolean {
  return (
    a !== null &&
    a.length === b.length &&
    a.every((time, i) => (time === null ? b[i] === null : Math.abs((b[i] ?? 0) - time) <= SAME * time))
  )
}

/** Of a balanced start. Null where the spec alone does not tell: other starts, images, a point that is no spec. */
function predictedTimes(sweep: SweepSpec, point: Point): (number | null)[] | null {
  try {
    if ((specAt(sweep.base, point) as ExperimentSpec).model.kind !== 'deep-linear') return null
    const spectrum = spectrumAt(sweep.base, point)
    if (spectrum === null) return null
    const spec = resolveSpec(specAt(sweep.base, point) as ExperimentSpec, spectrum.lambda.length)
    if (spec.init.kind !== 'balanced' && spec.init.kind !== 'orthogonal') return null
    return spectrum.lambda.map(
      (lambda, i) => forecastOf(spec, lambda, spectrum.rho[i]!, null, spectrum.sigma2[i]).criticalTime,
    )
  } catch {
    return null // between two points that are specs there may be one that is none
  }
}
