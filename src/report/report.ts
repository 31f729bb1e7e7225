import { isLinear } from '../experiment/resolve.ts'
import type { ResultView, TrajectoryView } from '../experiment/result-view.ts'
import { learningOrder } from '../theory/order.ts'
import { applicability } from './applicability.ts'
import type { FinishedRun, Report } from './finished-run.ts'
import { type Forecast, finiteOrNull, forecastAmplitudes, forecastOf } from './forecast.ts'
import { measuredGreedyIndex, predictedGreedyIndex } from './greedy.ts'
import { makingOf } from './making.ts'
import { type MeasuredCurve, measuredCurve, timeOfReaching } from './measured-curve.ts'
import { buildNetReport } from './nets/net-report.ts'
import { rankCorrelation } from './rank-correlation.ts'

type Feature = ResultView['features'][number]

/** Puts what happened beside what should have, where theory has a say. docs/results.md defines every field. */
export function buildReport(run: FinishedRun): Report {
  return isLinear(run.spec) ? buildLinearReport(run) : buildNetReport(run)
}

function buildLinearReport(run: FinishedRun): Report {
  const { spec, spectrum, measurements } = run
  const curves = spectrum.lambda.map((_, i) => measuredCurve(measurements, i))
  const forecasts = spectrum.lambda.map((lambda, i) =>
    forecastOf(spec, lambda, spectrum.rho[i]!, curves[i]!.amplitude[0] ?? null, spectrum.sigma2[i]!),
  )
  const features = curves.map((curve, i) => featureResult(run, i, curve, forecasts[i]!))
  const trajectory = joinTrajectory(run, forecasts)
  return { result: joinResult(run, features, curves, forecasts, trajectory), trajectory }
}

function featureResult(
  { spec, spectrum, measurements }: FinishedRun,
  index: number,
  curve: MeasuredCurve,
  forecast: Forecast,
): Feature {
  const { fixedPoint, criticalTime: predicted, leadingOrder } = forecast
  const level = spec.measure.fraction * fixedPoint
  const measured = fixedPoint > 0 ? timeOfReaching(curve, level, fixedPoint) : null
  return {
    index,
    lambda: spectrum.lambda[index]!,
    rho: spectrum.rho[index]!,
    criticalTime: { measured, predicted, leadingOrder },
    amplitude: {
      initial: finiteOrNull(measurements.amplitudes[index]![0]),
      final: finiteOrNull(measurements.amplitudes[index]!.at(-1)),
      fixedPoint,
    },
  }
}

function joinTrajectory({ spec, measurements }: FinishedRun, forecasts: readonly Forecast[]): TrajectoryView {
  const { time, step, loss, amplitudes, passages } = measurements
  return {
    time,
    step,
    loss: loss.map(finiteOrNull),
    features: forecasts.map((forecast, index) => ({
      index,
      measured: amplitudes[index]!.map(finiteOrNull),
      predicted: forecastAmplitudes(spec, forecast, time),
      passages: passages[index]!,
    })),
  }
}

function joinResult(
  run: FinishedRun,
  features: Feature[],
  curves: readonly MeasuredCurve[],
  forecasts: readonly Forecast[],
  trajectory: TrajectoryView,
): ResultView {
  const { spec, spectrum, manifest, measurements } = run
  const measured = features.map(({ criticalTime }) => criticalTime.measured)
  const predicted = features.map(({ criticalTime }) => criticalTime.predicted)
  const order = { measured: orderOf(measured), predicted: orderOf(predicted) }
  return {
    id: run.id,
    objective: spec.objective,
    features,
    order,
    rankCorrelation: correlationOfLearned(measured, predicted),
    greedyIndex: {
      measured: measuredGreedyIndex(
        order.measured.filter((i) => measured[i] !== null),
        features,
        curves,
      ),
      predicted: predictedGreedyIndex(spec, forecasts),
    },
    theoryResidual: theoryResidual(trajectory, forecasts),
    applies: applicability(spec, spectrum),
    commutator: spectrum.commutator,
    asymmetry: spectrum.asymmetry,
    loss: { initial: finiteOrNull(measurements.loss[0]), final: finiteOrNull(measurements.loss.at(-1)) },
    ...makingOf(manifest),
  }
}

function orderOf(times: readonly (number | null)[]): number[] {
  return learningOrder(times.map((time) => time ?? Number.POSITIVE_INFINITY))
}

/** Over the features that learn in both, so that two lists of nulls do not count as agreement. */
function correlationOfLearned(a: readonly (number | null)[], b: readonly (number | null)[]): number | null {
  const both = a.flatMap((x, i) => (x === null || b[i] == null ? [] : [[x, b[i]] as const]))
  return rankCorrelation(
    both.map(([x]) => x),
    both.map(([, y]) => y),
  )
}

/** Root mean square of (measured − predicted)/max w̄* over the rows and features that have both. */
function theoryResidual({ features }: TrajectoryView, forecasts: readonly Forecast[]): number | null {
  const largest = Math.max(...forecasts.map(({ fixedPoint }) => fixedPoint))
  let sum = 0
  let count = 0
  for (const { measured, predicted } of features) {
    for (let k = 0; k < measured.length; k++) {
      const w = measured[k]
      const expected = predicted[k]
      if (w == null || expected == null) continue
      const miss = (w - expected) / largest
      sum += miss * miss
      count += 1
    }
  }
  return finiteOrNull(Math.sqrt(sum / count))
}
