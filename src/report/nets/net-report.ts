import { firstCollapse } from '../../experiment/collapse.ts'
import type { ResultView, TrajectoryView } from '../../experiment/result-view.ts'
import { learningOrder } from '../../theory/order.ts'
import type { FinishedRun, Report } from '../finished-run.ts'
import { finiteOrNull } from '../forecast.ts'
import { makingOf } from '../making.ts'
import { rankCorrelation } from '../rank-correlation.ts'
import { timeOfPassing, valueAt } from './first-passage.ts'
import { type NetFeature, netFeatures, valueNames } from './net-features.ts'

/**
 * What a net learned and when, by its probes; no theory speaks of it. docs/results.md defines every field.
 *
 * The level at which a feature counts as learned is p of an R² of 1: all that there is of a latent, which no probe exceeds. It is no
 * fixed point: what cannot be read off by a linear map, or is lost in x, is never learned, and `amplitude.fixedPoint` is null.
 */
export function buildNetReport(run: FinishedRun): Report {
  const features = netFeatures(run)
  const { measurements } = run
  const probed = Object.entries(measurements.probes ?? {})
  const probes = Object.fromEntries(
    probed.map(([name, { values }]) => [
      name,
      { names: valueNames(name, values.length, features), values: values.map(orNulls) },
    ]),
  )
  return {
    result: resultOf(run, features, probes),
    trajectory: {
      time: measurements.time,
      step: measurements.step,
      loss: orNulls(measurements.loss),
      features: features.map(({ series }, index) => ({
        index,
        measured: orNulls(series.values),
        predicted: series.values.map(() => null),
      })),
      probes,
    },
  }
}

type Probes = NonNullable<TrajectoryView['probes']>

function resultOf(run: FinishedRun, features: readonly NetFeature[], probes: Probes): ResultView {
  const { spec, manifest, measurements } = run
  const times = features.map(({ series }) => timeOfPassing(series, spec.measure.fraction))
  const measured = learningOrder(times.map((time) => time ?? Number.POSITIVE_INFINITY))
  const falling = (of: (feature: NetFeature) => number) =>
    learningOrder(features.map((feature) => -of(feature)))
  const correlation = (of: (feature: NetFeature) => number) => correlationWith(times, features.map(of))
  return {
    id: run.id,
    objective: spec.objective,
    features: features.map(({ name, lambda, rho, series: { values } }, index) => ({
      index,
      ...(name !== undefined && { name }),
      lambda,
      rho,
      criticalTime: { measured: times[index]!, predicted: null, leadingOrder: null },
      amplitude: { initial: endOf(values, 0), final: endOf(values, -1), fixedPoint: null },
    })),
    order: {
      measured,
      predicted: [],
      byLambda: falling(({ lambda }) => lambda),
      byRho: falling(({ rho }) => rho),
    },
    orderCorrelation: { byLambda: correlation(({ lambda }) => lambda), byRho: correlation(({ rho }) => rho) },
    rankCorrelation: null,
    greedyIndex: { measured: greedyIndex(measured, times, features), predicted: null },
    theoryResidual: null,
    applies: { commuting: false, balanced: false, stable: false },
    commutator: null,
    asymmetry: null,
    loss: { initial: endOf(measurements.loss, 0), final: endOf(measurements.loss, -1) },
    probes: Object.fromEntries(
      Object.entries(probes).map(([name, { names, values }]) => [
        name,
        { names, initial: values.map((row) => endOf(row, 0)), final: values.map((row) => endOf(row, -1)) },
      ]),
    ),
    collapse: firstCollapse(measurements),
    ...makingOf(manifest),
  }
}

function orNulls(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => finiteOrNull(value ?? undefined))
}

/** The first value or the last. */
function endOf(values: readonly (number | null)[], at: 0 | -1): number | null {
  return finiteOrNull(values.at(at) ?? undefined)
}

/**
 * Spearman's correlation of the order of learning with the order by a falling quantity; what was never learned comes last, all
 * together. Null where nothing was learned, or all at once.
 */
function correlationWith(times: readonly (number | null)[], values: readonly number[]): number | null {
  return rankCorrelation(
    times.map((time) => time ?? Number.POSITIVE_INFINITY),
    values.map((value) => -value),
  )
}

const REACHED = 0.9 // of an R² of 1, as of the fixed point in greedy.ts

/** 1 − mean φ, φ the R² of the next feature when that of the one before it reaches 0.9, between 0 and 1; null and 1 as in greedy.ts. */
function greedyIndex(
  order: readonly number[],
  times: readonly (number | null)[],
  features: readonly NetFeature[],
): number | null {
  const learned = order.filter((i) => times[i] !== null)
  if (learned.length === 0) return null
  if (learned.length === 1) return 1
  const phi = learned.slice(1).flatMap((next, k) => {
    const time = timeOfPassing(features[learned[k]!]!.series, REACHED)
    const there = time === null ? null : valueAt(features[next]!.series, time)
    return there === null ? [] : [Math.min(1, Math.max(0, there))]
  })
  return phi.length === 0 ? null : 1 - phi.reduce((sum, value) => sum + value, 0) / phi.length
}
