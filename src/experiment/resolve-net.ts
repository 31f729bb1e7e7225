import { type DataSpec, isGaussian } from './data-spec.ts'
import type { FieldFault } from './failure.ts'
import { hidesPixels } from './image-shape.ts'
import type { Activation, Head, LossSpec, ModelSpec } from './model-spec.ts'
import { type Measurable, probeObstacle } from './probe.ts'
import type { ExperimentSpec, Objective } from './spec.ts'
import { multipliesInFloat32, type TrainingSpec } from './training-spec.ts'

/** The parts of a resolved spec that nets alone have. What the objective has no use for is left out. */
export type ResolvedHead = Head
export interface ResolvedMlp {
  readonly kind: 'mlp'
  readonly depth: number // hidden layers
  readonly width: number
  readonly outputs: number
  readonly activation: Activation
  readonly norm: 'none' | 'layer'
  readonly head: ResolvedHead // predictor of JEPA, decoder of MAE
}

export interface ResolvedConvolutional {
  readonly kind: 'convolutional'
  readonly channels: readonly number[]
  readonly kernel: number
  readonly stride: number
  readonly activation: Activation
  readonly norm: 'none' | 'batch' | 'layer'
  readonly pooling: 'none' | 'average'
  readonly residual: boolean
  readonly outputs: number
  readonly head: ResolvedHead
}

export type ResolvedNet = ResolvedMlp | ResolvedConvolutional

export interface ResolvedLoss {
  /** Of JEPA alone: how slowly the target's weights follow the encoder's; null where they are the same. */
  readonly ema: number | null
  readonly variance: number
  readonly covariance: number
  readonly pixels: 'all' | 'masked' // of MAE alone
}

export interface ResolvedOptimizer {
  readonly kind: 'sgd' | 'adam' | 'adamw'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

type AskedNet = Exclude<ModelSpec, { kind: 'deep-linear' }>

/** A net with its defaults. The linear head is the default of both objectives. */
export function resolveNet(asked: AskedNet, objective: Objective): ResolvedNet {
  const { predictor = LINEAR, decoder = LINEAR, ...model } = asked
  const head = objective === 'jepa' ? predictor : decoder
  if (model.kind === 'mlp') {
    return { ...model, outputs: model.outputs ?? model.width, norm: model.norm ?? 'none', head }
  }
  const { kernel = 3, stride = 2, norm = 'none', pooling = 'none', residual = false, outputs = 64 } = model
  return { ...model, kernel, stride, norm, pooling, residual, outputs, head }
}

const LINEAR = { kind: 'linear' } as const

/** What a net's loss is made of, with what the objective has no use for at its default. */
export function resolveLoss(asked: LossSpec | undefined, objective: Objective): ResolvedLoss {
  const { target = 'stop-gradient', variance = 0, covariance = 0, pixels = 'all' } = asked ?? {}
  const ema = objective === 'jepa' && target !== 'stop-gradient' ? target.ema : null
  return { ema, variance, covariance, pixels: objective === 'mae' ? pixels : 'all' }
}

type AskedDescent = Extract<TrainingSpec, { mode: 'sgd' }>

/** The optimiser of a net with its defaults. */
export function resolveOptimizer({ optimizer = 'sgd' }: AskedDescent): ResolvedOptimizer {
  if (optimizer === 'sgd') return { kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0 }
  const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = optimizer
  return { kind, beta1, beta2, epsilon }
}

/** What a spec of a deep linear model says that only nets have a use for. */
export function linearFaults({ training, loss, measure }: ExperimentSpec): FieldFault[] {
  const faults: FieldFault[] = []
  if (loss !== undefined) {
    const message =
      'The loss of a deep-linear model is the paper’s and takes no options; leave it out, or use a model of kind mlp or convolutional.'
    faults.push({ pointer: '/loss', message })
  }
  for (const name of ['optimizer', 'weightDecay', 'clip'] as const) {
    if (training.mode !== 'sgd' || training[name] === undefined) continue
    const message = `${name} is for models of kind mlp and convolutional; leave it out, or change the model.`
    faults.push({ pointer: `/training/${name}`, message })
  }
  if ((measure?.probes ?? []).length > 0) {
    const message =
      'A deep-linear model is measured by the amplitudes of its features, and probes are for nets; leave them out, or change the model.'
    faults.push({ pointer: '/measure/probes', message })
  }
  return faults
}

/** What the data of a net let be measured, as far as the spec tells: whether images have labels is known to their file. */
export function measurable(data: DataSpec): Measurable {
  return { latents: data.kind === 'nonlinear', labels: data.kind === 'images', directions: isGaussian(data) }
}

/** What a net cannot be asked for, whatever its data are. */
export function netFaults({
  model,
  init,
  training,
  objective,
  loss,
  data,
  measure,
}: ExperimentSpec): FieldFault[] {
  const faults: FieldFault[] = []
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })
  const what = `A model of kind ${model.kind}`
  if (init.kind === 'balanced' || init.kind === 'explicit') {
    refuse('/init/kind', `${what} has no start of kind ${init.kind}; use gaussian or orthogonal.`)
  } else if ((init.noise ?? 0) > 0) {
    refuse(
      '/init/noise',
      `Noise is for starts of deep-linear models; leave it out, a ${init.kind} start is random anyway.`,
    )
  }
  for (const [i, name] of (measure?.probes ?? []).entries()) {
    const obstacle = probeObstacle(name, measurable(data))
    if (obstacle !== null) refuse(`/measure/probes/${i}`, obstacle)
  }
  if (training.mode !== 'sgd') {
    const message = `${what} has no population gradient, so that mode ${training.mode} cannot be computed; use sgd.`
    return [...faults, { pointer: '/training/mode', message }]
  }
  if (training.draws === 'moments') {
    refuse('/training/draws', `${what} needs samples, and draws moments has none; use samples or auto.`)
  }
  if (!multipliesInFloat32(training.precision ?? 'compensated')) {
    refuse('/training/precision', `${what} is trained in float32; use compensated or float32.`)
  }
  const { optimizer = 'sgd', momentum = 0 } = training
  if (optimizer !== 'sgd' && momentum > 0) {
    refuse('/training/momentum', `${optimizer.kind} has beta1 in place of momentum; leave momentum out.`)
  }
  if (loss?.pixels === 'masked' && objective === 'mae' && !hidesEntries(data)) {
    refuse(
      '/loss/pixels',
      `Data of kind ${data.kind} hide no pixels of x with these views, so that none are masked; use pixel-mask with keep below 1, or block-mask, with no noise after it, or pixels all.`,
    )
  }
  return faults
}

/** Whether entries of x are set to 0 in one view and not in the other. */
function hidesEntries(data: DataSpec): boolean {
  return (data.kind === 'pixel-mask' && data.keep < 1) || (data.kind === 'images' && hidesPixels(data.views))
}
