import { isLinear, type ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView, TrajectoryView } from '../experiment/result-view.ts'
import { coloursByRank, REST } from './colours.ts'
import { forecastAmplitudes, forecastOf } from './forecast.ts'
import { type MeasuredCurve, measuredCurve, timeOfReaching } from './measured-curve.ts'

/**
 * What a figure shows of a run: per feature the measured and the predicted amplitude over time, both as a
 * share of the fixed point w̄*, so that every feature rises from 0 to 1 and crosses the fraction p at its
 * critical time. A feature without a fixed point (λ ≤ 0) is a share of the largest one. Of a net it is the R² of each
 * feature on held-out samples, and the accuracies, over all of the run.
 */
export interface Traced {
  readonly spec: ResolvedSpec
  readonly result: Pick<ResultView, 'features'>
  readonly trajectory: TrajectoryView
}

/** A run with all that its own figure says of it. */
export interface Drawing extends Traced {
  readonly id: string
  readonly result: ResultView
}

export interface FeatureCurves {
  readonly feature: ResultView['features'][number]
  readonly colour: string
  /** Whether it is told apart by colour and label: at most eight are. */
  readonly named: boolean
  /** The amplitude that counts as 1. */
  readonly unit: number
  readonly measured: readonly CurvePoint[]
  readonly predicted: readonly CurvePoint[]
}

export interface Curves {
  readonly window: Window
  readonly features: readonly FeatureCurves[]
  /** What is 1 at the top. */
  readonly axis: string
  /** Of a net: other shares, drawn in ink. */
  readonly others?: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[]
}

/** The stretch of time in which features are learned. */
export interface Window {
  readonly kind: 'linear' | 'log'
  readonly from: number
  readonly to: number
}

export type CurvePoint = readonly [time: number, share: number]

const NAMED = 8
const PREDICTED_POINTS = 600
const SHORTEST = 1e-290 // shorter runs, and parts of them, are no doubles
const LOG_FROM = 12 // a window of less than this ratio reads better on a linear axis

/** Curves of a run in the window in which its features are learned. */
export function curvesOf(drawing: Traced): Curves {
  return isLinear(drawing.spec) ? linearCurves(drawing) : netCurves(drawing)
}

function linearCurves(drawing: Traced): Curves {
  const { result, trajectory } = drawing
  const curves = result.features.map((_, i) => measuredCurve(withPassages(trajectory), i))
  const named = namedFeatures(drawing)
  const window = learningWindow(drawing, named, curves)
  const times = gridOf(window)
  const largest = Math.max(...result.features.map(({ amplitude }) => amplitude.fixedPoint ?? 0)) || 1
  const colours = coloursOf(named)
  return {
    window,
    axis: 'amplitude / fixed point',
    features: result.features.map((feature, i) => {
      const unit = feature.amplitude.fixedPoint || largest
      return {
        feature,
        colour: colours[named.indexOf(feature)] ?? REST,
        named: named.includes(feature),
        unit,
        measured: curves[i]!.time.map((t, k) => [t, curves[i]!.amplitude[k]! / unit] as const),
        predicted: named.includes(feature) ? predictedCurve(drawing, i, times, unit) : [],
      }
    }),
  }
}

const ACCURACIES = { classes: 'accuracy, linear', neighbours: 'accuracy, neighbours' }

function netCurves(drawing: Traced): Curves {
  const { spec, result, trajectory } = drawing
  const { time, features, probes = {} } = trajectory
  const named = namedFeatures(drawing)
  const colours = coloursOf(named)
  const others = Object.entries(ACCURACIES).flatMap(([probe, name]) => {
    const series = probes[probe]?.values[0]
    return series === undefined ? [] : [{ name, points: pointsOf(time, series) }]
  })
  const accuracy = others.length > 0 ? ' · accuracy' : ''
  return {
    window: wholeRun(spec, time),
    axis: result.features.length === 0 && accuracy !== '' ? 'accuracy, held out' : `R²${accuracy}, held out`,
    others,
    features: result.features.map((feature, i) => ({
      feature,
      colour: colours[named.indexOf(feature)] ?? REST,
      named: named.includes(feature),
      unit: 1,
      measured: pointsOf(time, features[i]?.measured ?? []),
      predicted: [],
    })),
  }
}

function pointsOf(time: readonly number[], values: readonly (number | null)[]): CurvePoint[] {
  return values.flatMap((value, k) => (value === null ? [] : [[time[k]!, value] as const]))
}

const DECADES = 1e-5 // of the run: what is earlier is not drawn on a log axis

/** From the first update to the end. */
export function wholeRun({ measure }: ResolvedSpec, time: readonly number[]): Window {
  const end = time.at(-1) || 1
  const first = time.find((t) => t > 0) ?? end
  if (measure.schedule === 'log' && end / first > LOG_FROM) {
    return { kind: 'log', from: Math.max(first, DECADES * end), to: end }
  }
  return { kind: 'linear', from: 0, to: end }
}

function predictedCurve(
  { spec, result, trajectory }: Traced,
  i: number,
  grid: readonly number[],
  unit: number,
): CurvePoint[] {
  const { lambda, rho, amplitude } = result.features[i]!
  // Where λ = 0, λ and ρ do not tell the variance: the rows were predicted with it.
  const [times, values] =
    lambda === 0
      ? [trajectory.time, trajectory.features[i]!.predicted]
      : [grid, forecastAmplitudes(spec, forecastOf(spec, lambda, rho, amplitude.initial), grid)]
  return times.flatMap((t, k) => (values[k] == null ? [] : [[t, values[k]! / unit] as const]))
}

/** All, or where there are too many the first that were learned; where none was, the first that may still rise. */
function namedFeatures({ spec, result }: Traced): ResultView['features'] {
  if (result.features.length <= NAMED) return result.features
  const learned = result.features
    .filter(({ criticalTime }) => (criticalTime.measured ?? 0) > 0)
    .sort((a, b) => a.criticalTime.measured! - b.criticalTime.measured!)
  if (learned.length > 0) return learned.slice(0, NAMED)
  if (!isLinear(spec)) return result.features.slice(0, NAMED)
  const half = spec.measure.fraction / 2
  const rising = result.features.filter(
    ({ amplitude }) => (amplitude.initial ?? 0) < half * (amplitude.fixedPoint ?? 0),
  )
  return (rising.length > 0 ? rising : result.features).slice(0, NAMED)
}

/** By ρ; where all ρ are one, by λ. */
function coloursOf(features: ResultView['features']): string[] {
  const rhos = features.map(({ rho }) => rho)
  return coloursByRank(new Set(rhos).size > 1 ? rhos : features.map(({ lambda }) => lambda))
}

function withPassages({ time, step, features }: TrajectoryView) {
  return {
    time,
    step,
    loss: [],
    amplitudes: features.map(({ measured }) => measured.map((w) => w ?? Number.NaN)),
    passages: features.map(({ passages }) => passages ?? { time: [], amplitude: [] }),
  }
}

function learningWindow(
  { spec, result, trajectory }: Traced,
  named: ResultView['features'],
  curves: readonly MeasuredCurve[],
): Window {
  const told = trajectory.time.at(-1) ?? 0
  const end = told > SHORTEST ? told : 1
  const moments = result.features.flatMap((feature, i) => {
    if (!named.includes(feature)) return []
    const { criticalTime, amplitude } = feature
    const fixedPoint = amplitude.fixedPoint ?? 0
    if (fixedPoint === 0) return []
    // What starts near 5 % is there at once; it begins to rise where it has left its start behind.
    const begun = Math.max(0.05, (1.5 * (amplitude.initial ?? 0)) / fixedPoint)
    const seen = [begun, 0.95].map((share) => timeOfReaching(curves[i]!, share * fixedPoint, fixedPoint))
    return [...seen, criticalTime.measured, criticalTime.predicted]
  })
  const within = moments.filter((t): t is number => t !== null && t > 0 && t <= end)
  const [first, last] = within.length === 0 ? [end * 1e-4, end] : [Math.min(...within), Math.max(...within)]
  const ratio = last / first
  if (spec.measure.schedule === 'log' && ratio > LOG_FROM) {
    return { kind: 'log', from: first / ratio ** 0.12, to: Math.min(end, last * ratio ** 0.1) }
  }
  const width = Math.max(last - first, 0.02 * last)
  return { kind: 'linear', from: Math.max(0, first - 0.2 * width), to: Math.min(end, last + 0.15 * width) }
}

function gridOf({ kind, from, to }: Window): number[] {
  return Array.from({ length: PREDICTED_POINTS }, (_, k) => {
    const share = k / (PREDICTED_POINTS - 1)
    return kind === 'linear' ? from + share * (to - from) : from * (to / from) ** share
  })
}
