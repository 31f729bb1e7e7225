import { intendedEngine } from '../experiment/engine-choice.ts'
import type { LinearSpec, ResolvedDescent } from '../experiment/resolve.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import type { EngineName } from '../experiment/spec.ts'
import type { Precision } from '../experiment/training-spec.ts'
import { flowWork } from './flow-work.ts'
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

interface Speed {
  readonly start: number // seconds before the first step
  readonly perStep: number // seconds
  readonly perProduct: number // seconds, whatever the size
  readonly flops: number // a second
}

/**
 * Measured on one core of a 2-core server with AVX-512 (docs/engines.md). A population step is 3L + 2 products of w × w
 * matrices.
 */
const SPEED: Readonly<Record<Exclude<EngineName, 'auto'>, Speed>> = {
  reference: { start: 0.05, perStep: 0.7e-6, perProduct: 0, flops: 2.1e9 },
  lanes: { start: 0.05, perStep: 0, perProduct: 0.03e-6, flops: 1.2e11 },
  tensorflow: { start: 1.5, perStep: 140e-6, perProduct: 20e-6, flops: 6e9 },
}
/** Seconds before a run's first step, of `Work.seconds`: once for runs that train together. */
export const START_SECONDS = {
  reference: SPEED.reference.start,
  lanes: SPEED.lanes.start,
  tensorflow: SPEED.tensorflow.start,
} as const
/** Lanes where they do not multiply in float32; int8x3 with the processor's tiles. */
const LANES_ELSE: Readonly<Partial<Record<Precision, Speed>>> = {
  float64: { ...SPEED.lanes, flops: 0.6e11 },
  int8x3: { ...SPEED.lanes, perProduct: 0.4e-6, flops: 2.2e11 },
}

/** Estimates a run of a deep linear model from its shape and its spectrum; nets are net-work.ts's. */
export function estimateWork(spec: LinearSpec, spectrum: SpectrumView): Work {
  const features = spectrum.lambda.length
  const { depth, width } = spec.model
  const products = 3 * depth + 2
  const flops = 2 * products * width ** 3
  const memoryBytes = memoryOf(spec, features).reduce((sum, part) => sum + part.bytes, 0)
  const { training } = spec
  const engine = engineOf(spec)
  const speed = speedOf(engine, training.precision)
  if (training.mode === 'flow') {
    const { steps, evaluations, perStep } = flowWork(spec, spectrum, training.time)
    const cost = (steps * evaluations * flops) / 1e9
    return { memoryBytes, steps, seconds: speed.start + steps * perStep, cost }
  }
  const draw = drawOf(training, features, engine, speed)
  const perStep = speed.perStep + products * speed.perProduct + flops / speed.flops + draw.seconds
  const { steps } = training
  return {
    memoryBytes,
    steps,
    seconds: speed.start + steps * perStep,
    cost: (steps * (flops + draw.flops)) / 1e9,
  }
}

function engineOf(spec: LinearSpec): keyof typeof SPEED {
  const engine = intendedEngine(spec)
  return engine === 'auto' ? 'reference' : engine
}

function speedOf(engine: keyof typeof SPEED, precision: Precision): Speed {
  return (engine === 'lanes' ? LANES_ELSE[precision] : undefined) ?? SPEED[engine]
}

const PER_NORMAL = 0.1e-6 // a counter-based normal draw of a sampler, in JavaScript
const PER_LANES_NORMAL = 3e-9
const PER_LANES_DRAW = 0.4e-6 // whatever the size

/**
 * What a minibatch takes, in sgd: normals for x and y and its two moments, on every engine but TensorFlow by plain loops; or the moments'
 * factors and their four products.
 */
function drawOf(
  { mode, batchSize = 0, draws }: ResolvedDescent,
  features: number,
  engine: keyof typeof SPEED,
  speed: Speed,
) {
  if (mode !== 'sgd') return { flops: 0, seconds: 0 }
  const isLanes = engine === 'lanes'
  if (draws === 'moments') {
    const flops = 8 * features ** 3
    const normals = 1.5 * features ** 2
    const drawn = isLanes ? PER_LANES_DRAW + normals * PER_LANES_NORMAL : normals * PER_NORMAL
    return { flops, seconds: drawn + flops / speed.flops }
  }
  // Lanes turns both moments into its coordinates, where these are not the data's own.
  const flops = 4 * batchSize * features ** 2 + (isLanes ? 8 * features ** 3 : 0)
  const counted = engine === 'tensorflow' ? SPEED.tensorflow : SPEED.reference
  return { flops, seconds: 2 * batchSize * features * PER_NORMAL + flops / counted.flops }
}
