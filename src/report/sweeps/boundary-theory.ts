import { kindOf } from '../../data/kinds.ts'
import { specAt } from '../../experiment/axes.ts'
import type { DataSpec } from '../../experiment/data-spec.ts'
import { ExperimentError } from '../../experiment/failure.ts'
import type { Spectrum } from '../../experiment/measurement.ts'
import { type ResolvedSpec, resolveSpec } from '../../experiment/resolve.ts'
import { checkSchema } from '../../experiment/schema.ts'
import { criticalTime } from '../../theory/critical-times.ts'
import { applicability } from '../applicability.ts'
import { type Forecast, forecastAmplitudes, forecastOf, timePerFlow } from '../forecast.ts'
import { predictedGreedyIndex } from '../greedy.ts'
import { placeAt, pointsAt, type Search } from './boundary-lines.ts'
import { type Asked, nextShare } from './boundary-step.ts'
import { type Answer, ask, type Seen } from './question.ts'

/** What theory says of a place of the search: what it foresees of each run, and the answer that makes. */
export interface Foresight {
  readonly seen: readonly Seen[]
  readonly answer: Answer | null
  /** Exact but for the integrator: gradient flow. Descent is off by O(learning rate). */
  readonly isExact: boolean
}

/** Theory at a place; null where it does not apply. */
export type Oracle = (x: unknown, y: number) => Foresight | null

/** Remembers the spectrum of the last data, so that it is worked out once along an axis that leaves the data alone. */
export function oracleOf(search: Search): Oracle {
  const spectrumOf = rememberLast(openSpectrum)
  return (x, y) => {
    const runs = pointsAt(search, x, y).map((point) => foresee(specAt(search.base, point), spectrumOf))
    const seen = runs.flatMap((run) => (run === null ? [] : [run.seen]))
    if (seen.length < runs.length) return null
    const isExact = runs.every((run) => run?.isExact === true)
    return { seen, answer: ask(search.question, seen), isExact }
  }
}

/** Spectra of more features are not worked out for a prediction: 64 take some milliseconds, a thousand take seconds. */
const MOST_FEATURES = 64

type SpectrumOf = (data: DataSpec) => Spectrum | null

function openSpectrum(data: DataSpec): Spectrum | null {
  if (data.kind === 'images') return null
  const kind = kindOf(data)
  if (kind.features(data) > MOST_FEATURES || kind.faults(data).length > 0) return null
  return kind.open(data).spectrum
}

function rememberLast(open: SpectrumOf): SpectrumOf {
  let last: { readonly key: string; readonly spectrum: Spectrum | null } | undefined
  return (data) => {
    const key = JSON.stringify(data)
    if (last?.key !== key) last = { key, spectrum: open(data) }
    return last.spectrum
  }
}

/**
 * What a run will have measured: critical times up to its end, amplitudes at it. Null where theory does not apply (docs/theory.md §1, §6):
 * a net, a start that is not balanced, data that do not commute, minibatches, a learning rate that is not stable or not constant,
 * plain float32 (which may never move), or no valid spec.
 */
function foresee(asked: unknown, spectrumOf: SpectrumOf): { seen: Seen; isExact: boolean } | null {
  try {
    checkSchema(asked)
    if (asked.model.kind !== 'deep-linear') return null
    const spectrum = spectrumOf(asked.data)
    if (spectrum === null) return null
    const spec = resolveSpec(asked, spectrum.lambda.length)
    const end = endOf(spec)
    const { commuting, balanced, stable } = applicability(spec, spectrum)
    if (end === null || spec.init.kind === 'explicit' || !(commuting && balanced && stable)) return null
    return { seen: seenBy(spec, spectrum, end), isExact: spec.training.mode === 'flow' }
  } catch (error) {
    if (error instanceof ExperimentError) return null
    throw error
  }
}

/** The run's time Σ learning rate at its end; null where theory says nothing of such training. */
function endOf({ training }: ResolvedSpec): number | null {
  if (training.mode === 'flow') return training.time
  const { mode, learningRate, steps, schedule, precision } = training
  if (mode === 'sgd' || schedule !== 'constant' || precision === 'float32') return null
  return learningRate * steps
}

/** What takes time to foresee is worked out when it is read: a question reads one of the three. */
function seenBy(spec: ResolvedSpec, { lambda, rho, sigma2 }: Spectrum, end: number): Seen {
  const forecasts = lambda.map((l, i) => forecastOf(spec, l, rho[i]!, null, sigma2[i]))
  return {
    criticalTimes: forecasts.map(({ criticalTime }) =>
      criticalTime === null || criticalTime > end ? null : criticalTime,
    ),
    get final() {
      return forecasts.map((forecast) => forecastAmplitudes(spec, forecast, [end])[0] ?? null)
    },
    fixedPoints: forecasts.map(({ fixedPoint }) => fixedPoint),
    get greedyIndex() {
      const isWhole = forecasts.every((forecast) => arrivesBy(spec, forecast, end))
      return isWhole ? predictedGreedyIndex(spec, forecasts) : null
    },
  }
}

const ARRIVED = 0.9 // of the fixed point, as the greedy index takes it

/** Whether a feature is never learned or has arrived by the end, so that the run shows the whole greedy index. */
function arrivesBy(spec: ResolvedSpec, { mode }: Forecast, end: number): boolean {
  if (mode === null || mode.lambda <= 0) return true
  const arrival = criticalTime(spec.objective, { ...mode, fraction: ARRIVED })
  return timePerFlow(spec.training) * arrival <= end
}

const PARTS = 16
const EXACT = 1e-8 // of a part of the axis

/**
 * Where theory's answer flips along a line, found as the runs' is: of several places the one next to `near`, or the lowest. Null where it
 * flips nowhere, or between two of 17 places and back.
 */
export function predictedPlace(
  search: Search,
  oracle: Oracle,
  x: unknown,
  near: number | null,
): number | null {
  const answerAt = (share: number) => oracle(x, placeAt(search, share))?.answer ?? null
  const answers = Array.from({ length: PARTS + 1 }, (_, k) => answerAt(k / PARTS))
  const places = answers.slice(1).flatMap((high, k) => {
    const low = answers[k]
    if (high === null || low == null || high.yes === low.yes) return []
    const flip = flipBetween({ share: 0, ...low }, { share: 1, ...high }, (u) => answerAt((k + u) / PARTS))
    return [placeAt(search, (k + flip) / PARTS)]
  })
  if (near === null) return places[0] ?? null
  return places.sort((a, b) => Math.abs(a - near) - Math.abs(b - near))[0] ?? null
}

function flipBetween(low: Asked, high: Asked, answerAt: (share: number) => Answer | null): number {
  const known = [low, high]
  while (high.share - low.share > EXACT) {
    const share = nextShare([low, high], known, known.length - 2, EXACT)
    const answer = answerAt(share)
    if (answer === null) break // the run ends before there is one
    const next = { share, ...answer }
    known.push(next)
    if (next.yes === low.yes) low = next
    else high = next
  }
  return (low.share + high.share) / 2
}
