import { intendedEngine } from '../experiment/engine-choice.ts'
import type { ResolvedDescent, ResolvedSpec } from '../experiment/resolve.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { curvatures } from '../theory/stability.ts'
import { slowestAndFirst } from './learning-times.ts'
import { memoryOf } from './memory.ts'

/** What a run takes. */
export interface Work {
  readonly memoryBytes: number
  /** Updates; in flow an upper estimate of the integrator's steps. */
  readonly steps: number
  /** On one quiet core of the kind that the table was measured on. */
  readonly seconds: number
  /** Floating-point operations of the training, in 10⁹: the same on every machine. */
  readonly cost: number
}

/**
 * Measured on one core of a 2-core server with AVX-512 (docs/engines.md): seconds of one operation, whatever its
 * size, and operations per second within it. A population step is 3L + 2 products of w × w matrices.
 */
const SPEED = {
  reference: { perStep: 0.7e-6, perProduct: 0, flops: 2.1e9 },
  tensorflow: { perStep: 140e-6, perProduct: 20e-6, flops: 6e9 },
} as const
const PER_NORMAL = 0.1e-6 // a counter-based normal draw of the sampler
const START_SECONDS = { reference: 0.05, tensorflow: 1.5 } as const
const STAGES = 6 // of Dormand–Prince
const FLOW_SHARE = 0.65 // of the speed, for the integrator's own arithmetic
/**
 * Steps of the integrator: at least these, and once a feature is learned about one for each 1.8 of curvature × time,
 * for an explicit method is bound by the fastest decay. Over 30 runs of depth 1 to 4 and 2 to 8 features the real count was
 * 0.4 to 1.0 of it.
 */
const FLOW_STEPS = 800
const STEP_REACH = 1.8

/** Estimates a run from its shape and its spectrum. */
export function estimateWork(spec: ResolvedSpec, spectrum: SpectrumView): Work {
  const features = spectrum.lambda.length
  const { depth, width } = spec.model
  const products = 3 * depth + 2
  const flops = 2 * products * width ** 3
  const memoryBytes = memoryOf(spec, features).reduce((sum, part) => sum + part.bytes, 0)
  const { training } = spec
  const engine = intendedEngine(spec) === 'tensorflow' ? 'tensorflow' : 'reference'
  const speed = SPEED[engine]
  if (training.mode === 'flow') {
    const steps = flowSteps(spec, spectrum, training.time)
    const perStep = STAGES * (speed.perStep + flops / (speed.flops * FLOW_SHARE))
    return {
      memoryBytes,
      steps,
      seconds: START_SECONDS.reference + steps * perStep,
      cost: (steps * STAGES * flops) / 1e9,
    }
  }
  const draw = drawOf(training, features)
  const perStep =
    speed.perStep + products * speed.perProduct + (flops + draw.flops) / speed.flops + draw.seconds
  const { steps } = training
  return {
    memoryBytes,
    steps,
    seconds: START_SECONDS[engine] + steps * perStep,
    cost: (steps * (flops + draw.flops)) / 1e9,
  }
}

/** A minibatch: normals for x and y and its two moments, or those of the moments' factors and their four products. */
function drawOf({ batchSize = 0, draws }: ResolvedDescent, features: number) {
  if (draws === 'moments') return { seconds: 1.5 * features ** 2 * PER_NORMAL, flops: 8 * features ** 3 }
  return { seconds: 2 * batchSize * features * PER_NORMAL, flops: 4 * batchSize * features ** 2 }
}

function flowSteps(spec: ResolvedSpec, spectrum: SpectrumView, time: number): number {
  const stiff = curvatures(spec.objective, spectrum.sigma2, spectrum.lambda, spec.model.depth)
  const fastest = stiff.reduce((most, row) => Math.max(most, ...row), 0)
  const learned = Math.max(0, time - (slowestAndFirst(spec, spectrum)?.first ?? 0))
  return Math.ceil(FLOW_STEPS + (fastest * learned) / STEP_REACH)
}
