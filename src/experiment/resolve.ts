import { type DataSpec, isGaussian } from './data-spec.ts'
import { ExperimentError, type FieldFault } from './failure.ts'
import { entriesOf, imageShape } from './image-shape.ts'
import { MAX_WIDTH } from './model-spec.ts'
import { defaultProbes } from './probe.ts'
import {
  linearFaults,
  measurable,
  netFaults,
  type ResolvedLoss,
  type ResolvedNet,
  type ResolvedOptimizer,
  resolveLoss,
  resolveNet,
  resolveOptimizer,
} from './resolve-net.ts'
import { fillDefaults } from './schema.ts'
import type { Device, EngineName, ExperimentSpec, InitSpec, Objective } from './spec.ts'
import type { Precision, Schedule } from './training-spec.ts'

/** A spec with every default filled in and every `auto` that decides numbers settled. Labels are gone. */
export interface ResolvedSpec<Model extends ResolvedModel = ResolvedModel> {
  readonly objective: Objective
  readonly data: DataSpec
  readonly model: Model
  readonly init: InitSpec
  readonly training: ResolvedTraining
  readonly loss?: ResolvedLoss // nets
  readonly measure: {
    readonly schedule: 'log' | 'linear'
    readonly points: number
    readonly fraction: number
    readonly probes: readonly string[]
  }
  readonly seed: number
  readonly replicate: number
  readonly device: Device
  readonly engine: EngineName
}

export interface ResolvedLinear {
  readonly kind: 'deep-linear'
  readonly depth: number
  readonly width: number
}

export type ResolvedModel = ResolvedLinear | ResolvedNet

/** A run of a deep linear model, which theory speaks of. */
export type LinearSpec = ResolvedSpec<ResolvedLinear>

/** A run of a net, trained by sgd on samples. */
export type NetSpec = ResolvedSpec<ResolvedNet> & {
  readonly training: ResolvedDescent
  readonly loss: ResolvedLoss
}

export function isLinear(spec: ResolvedSpec): spec is LinearSpec {
  return spec.model.kind === 'deep-linear'
}

/** The spec as one of a deep linear model, which it must be. */
export function asLinear(spec: ResolvedSpec): LinearSpec {
  if (isLinear(spec)) return spec
  throw new TypeError(`A model of kind ${spec.model.kind} stands where a deep linear one belongs.`)
}

export function isNet(spec: ResolvedSpec): spec is NetSpec {
  return spec.model.kind !== 'deep-linear'
}

export type ResolvedTraining = ResolvedFlow | ResolvedDescent

export interface ResolvedFlow {
  readonly mode: 'flow'
  readonly time: number
  readonly precision: 'float64'
}

export interface ResolvedDescent {
  readonly mode: 'gradient-descent' | 'sgd'
  readonly learningRate: number
  readonly steps: number
  readonly momentum: number
  readonly schedule: Schedule
  readonly precision: Precision
  readonly batchSize?: number // sgd
  readonly draws?: 'samples' | 'moments' // sgd
  readonly optimizer?: ResolvedOptimizer // nets
  readonly weightDecay?: number // nets
  readonly clip?: number | null // nets: the largest norm of a whole gradient
}

/**
 * Fills in what the researcher left out.
 *
 * @param features d, the length of x and y, which the data room knows
 * @throws SPEC_INVALID where the model or the training contradicts itself
 */
export function resolveSpec(spec: ExperimentSpec, features: number): ResolvedSpec {
  const { name: _name, tags: _tags, ...asked } = fillDefaults(spec)
  const faults = asked.model.kind === 'deep-linear' ? linearFaults(asked) : netFaults(asked)
  if (asked.model.kind === 'deep-linear') checkLinear(asked, asked.model, features, faults)
  const { objective } = asked
  const training = resolveTraining(asked, features, faults)
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  const measure = {
    schedule: asked.measure?.schedule ?? 'log',
    points: asked.measure?.points ?? 200,
    fraction: asked.measure?.fraction ?? 0.5,
    probes:
      asked.measure?.probes ??
      (asked.model.kind === 'deep-linear' ? [] : defaultProbes(measurable(asked.data))),
  }
  const rest = {
    objective,
    data: asked.data,
    init: asked.init,
    training,
    measure,
    seed: asked.seed ?? 0,
    replicate: asked.replicate ?? 0,
    device: asked.device ?? 'auto',
    engine: asked.engine ?? 'auto',
  }
  const { model } = asked
  if (model.kind === 'deep-linear') return { ...rest, model: { ...model, width: model.width ?? features } }
  return { ...rest, model: resolveNet(model, objective), loss: resolveLoss(asked.loss, objective) }
}

function checkLinear(
  { init, objective, data }: ExperimentSpec,
  { depth, width: asked }: { depth: number; width?: number },
  features: number,
  faults: FieldFault[],
): void {
  const width = asked ?? features
  if (features > MAX_WIDTH) {
    faults.push({
      pointer: '/data',
      message: `The data have ${features} features and a deep-linear model takes at most ${MAX_WIDTH}; use fewer pixels or channels.`,
    })
  }
  const entries = data.kind === 'images' ? entriesOf(imageShape(data)) : 0
  if (features <= MAX_WIDTH && entries > MAX_WIDTH) {
    faults.push({
      pointer: '/data',
      message: `The images have ${entries} entries before they are cropped, and moments are worked out up to ${MAX_WIDTH}; use fewer pixels or channels, or a model of kind mlp or convolutional.`,
    })
  }
  if (width < features) {
    faults.push({
      pointer: '/model/width',
      message: `The width ${width} is below the ${features} features of the data; use at least ${features}.`,
    })
  }
  checkInit(init, objective, { depth, width }, features, faults)
}

function resolveTraining(
  { training: asked, data, model }: ExperimentSpec,
  features: number,
  faults: FieldFault[],
): ResolvedTraining {
  if (asked.mode === 'flow') return { mode: 'flow', time: asked.time, precision: 'float64' }
  if ((asked.steps === undefined) === (asked.time === undefined)) {
    faults.push({
      pointer: '/training/steps',
      message: `${asked.steps === undefined ? 'Neither' : 'Both'} steps and time are given; give exactly one of them.`,
    })
  }
  const steps = asked.steps ?? stepsFor(asked.time ?? 0, asked.learningRate)
  const shared = {
    mode: asked.mode,
    learningRate: asked.learningRate,
    steps,
    momentum: asked.momentum ?? 0,
    schedule: asked.schedule ?? 'constant',
    precision: asked.precision ?? 'compensated',
  }
  if (asked.mode === 'gradient-descent') return shared
  if (model.kind !== 'deep-linear') {
    const { batchSize, weightDecay = 0, clip = null } = asked
    const optimizer = resolveOptimizer(asked)
    return { ...shared, batchSize, draws: 'samples', optimizer, weightDecay, clip }
  }
  const obstacle = momentsObstacle(data, asked.batchSize, features)
  if (asked.draws === 'moments' && obstacle !== null) {
    faults.push({ pointer: '/training/draws', message: obstacle })
  }
  const canDrawMoments = asked.draws !== 'samples' && obstacle === null
  return { ...shared, batchSize: asked.batchSize, draws: canDrawMoments ? 'moments' : 'samples' }
}

/** Why the moments of a minibatch cannot be drawn without its samples; null where they can (src/data/moment-sampler.ts). */
function momentsObstacle(data: DataSpec, batchSize: number, features: number): string | null {
  if (!isGaussian(data)) {
    return `draws moments holds for Gaussian x and y, and data of kind ${data.kind} are not; use samples or auto.`
  }
  if (batchSize >= features) return null
  return `draws moments needs a batch of at least the ${features} features, and batchSize is ${batchSize}; raise it, or use samples or auto.`
}

/** The fewest steps whose learning rates add up to the time; 7.7/.7, which rounds to over 11, is 11 of them. */
function stepsFor(time: number, learningRate: number): number {
  const whole = Math.round(time / learningRate)
  return Math.abs(whole * learningRate - time) <= 4 * Number.EPSILON * time
    ? whole
    : Math.ceil(time / learningRate)
}

function checkInit(
  init: InitSpec,
  objective: Objective,
  model: { depth: number; width: number },
  features: number,
  faults: FieldFault[],
): void {
  if (init.kind !== 'explicit') return
  if (init.layers.length !== model.depth) {
    faults.push({
      pointer: '/init/layers',
      message: `There are ${init.layers.length} layers but the depth is ${model.depth}; give one matrix per layer.`,
    })
  }
  const shape = (rows: readonly (readonly number[])[], wanted: [number, number], pointer: string) => {
    if (rows.length === wanted[0] && rows.every((row) => row.length === wanted[1])) return
    faults.push({ pointer, message: `This matrix must be ${wanted[0]} rows of ${wanted[1]} numbers.` })
  }
  for (const [a, layer] of init.layers.entries()) {
    shape(layer, [model.width, a === 0 ? features : model.width], `/init/layers/${a}`)
  }
  shape(init.decoder, [objective === 'jepa' ? model.width : features, model.width], '/init/decoder')
}
