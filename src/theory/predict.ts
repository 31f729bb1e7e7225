import { ExperimentError, type FieldFault } from '../experiment/failure.ts'
import type { Crossover, CrossoverRequest, Prediction, PredictionRequest } from '../experiment/prediction.ts'
import { criticalTime, leadingTime, remainder } from './critical-times.ts'
import { crossoverRatio, firstLearned, type Pair } from './crossover.ts'
import { fixedPoint, layerFixedPoint } from './fixed-points.ts'
import { relativeFirstStep, stallsInFloat32 } from './float32.ts'
import { isLearnable } from './learnability.ts'
import { hasVariance, type Point } from './mode.ts'
import { greedyIndex, learningOrder, spread } from './order.ts'
import { maxStableLearningRate } from './stability.ts'
import { amplitudesAt } from './trajectories.ts'

/**
 * Theory alone, as asked and answered at POST /v1/predictions (docs/theory.md §2–§6). Infinity (never) is
 * written null. Times are in the unit asked for: `flow`, learning rate × step, or `paper`, L × flow.
 */
const DEFAULT_FRACTION = 0.5

/**
 * What balanced training does to each feature.
 *
 * @throws SPEC_INVALID where lambda and rho differ in length or a variance λ/ρ would not be positive
 */
export function predict(request: PredictionRequest): Prediction {
  checkFeatures(request)
  const { objective, depth, scale, lambda, rho, learningRate } = request
  const fraction = request.fraction ?? DEFAULT_FRACTION
  const unit = request.timeUnit === 'paper' ? depth : 1
  const points = lambda.map((l, i): Point => ({ depth, scale, fraction, lambda: l, rho: rho[i]! }))
  const times = points.map((point) => criticalTime(objective, point))
  const flowTimes = request.times?.map((t) => t / unit)
  return {
    features: points.map((point, i) => ({
      criticalTime: orNull(times[i]! * unit),
      leadingOrder: orNull(leadingTime(objective, point) * unit),
      remainder: orNull(remainder(objective, point) * unit),
      fixedPoint: fixedPoint(objective, learnedRho(point), depth),
      layerFixedPoint: layerFixedPoint(objective, learnedRho(point), depth),
      learnable: isLearnable(objective, point),
      ...(flowTimes && { amplitudes: amplitudesAt(objective, point, flowTimes) }),
    })),
    order: learningOrder(times),
    greedyIndex: greedyIndex(objective, points),
    spread: spread(times),
    maxStableLearningRate: orNull(maxStableLearningRate(objective, variances(points), lambda, depth)),
    float32: learningRate === undefined ? null : worstFirstStep(request, learningRate),
    ...(learningRate !== undefined && { steps: stepsNeeded(objective, points, learningRate) }),
  }
}

/** Where two features change places, per objective, and with λ given, who comes first. */
export function predictCrossover(request: CrossoverRequest): Crossover {
  const { depth, scale, rho, lambda } = request
  const pair: Pair = { depth, scale, rho: twoOf(rho), fraction: request.fraction ?? DEFAULT_FRACTION }
  const ratios = {
    jepaRatio: orNull(crossoverRatio('jepa', pair)),
    maeRatio: orNull(crossoverRatio('mae', pair)),
  }
  if (lambda === undefined) return ratios
  const jepaFirst = firstLearned('jepa', pair, twoOf(lambda))
  const maeFirst = firstLearned('mae', pair, twoOf(lambda))
  return { ...ratios, inverted: jepaFirst !== maeFirst, jepaFirst, maeFirst }
}

function twoOf(values: readonly number[]): [number, number] {
  return [values[0]!, values[1]!]
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

function checkFeatures({ lambda, rho }: PredictionRequest): void {
  const faults: FieldFault[] = []
  if (lambda.length !== rho.length) {
    const message = `lambda has ${lambda.length} entries and rho ${rho.length}; give one of each per feature.`
    throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer: '/rho', message }] })
  }
  for (const [i, l] of lambda.entries()) {
    if (hasVariance(l, rho[i]!)) continue
    const message = `Feature ${i} has λ = ${l} and ρ = ${rho[i]}, so its variance σ² = λ/ρ is not positive; give ρ the sign of λ.`
    faults.push({ pointer: `/rho/${i}`, message })
  }
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
}

/** ρ of a feature that has a fixed point; 0 where λ ≤ 0. */
function learnedRho({ lambda, rho }: Point): number {
  return lambda > 0 ? rho : 0
}

/** σ² = λ/ρ. A feature with λ = 0 does not tell its variance and bounds nothing: 0. */
function variances(points: readonly Point[]): number[] {
  return points.map(({ lambda, rho }) => (lambda === 0 ? 0 : lambda / rho))
}

/** The smallest first step over the features with λ > 0; null where there is none. */
function worstFirstStep(request: PredictionRequest, learningRate: number): Prediction['float32'] {
  const positive = request.lambda.filter((l) => l > 0)
  if (positive.length === 0) return null
  const { objective, depth, scale } = request
  const step = { lambda: Math.min(...positive), scale, depth, learningRate }
  return {
    stalls: stallsInFloat32(objective, step),
    relativeFirstStep: relativeFirstStep(objective, step),
  }
}

/** Updates until the slowest learnable feature is at its level, t*-over-η rounded up; null where none is learnable. */
function stepsNeeded(
  objective: PredictionRequest['objective'],
  points: readonly Point[],
  learningRate: number,
) {
  const times = points.filter((p) => isLearnable(objective, p)).map((p) => criticalTime(objective, p))
  return times.length === 0 ? null : orNull(Math.ceil(Math.max(...times) / learningRate))
}
