import { intendedEngine } from '../experiment/engine-choice.ts'
import type { Warning } from '../experiment/job-view.ts'
import { isLinear, type LinearSpec, type ResolvedDescent, type ResolvedSpec } from '../experiment/resolve.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { timePerFlow } from '../report/forecast.ts'
import { relativeFirstStep, stallsInFloat32 } from '../theory/float32.ts'
import { maxStableLearningRate } from '../theory/stability.ts'
import { gaussianCollapseShare } from '../theory/unbalanced.ts'
import { flowTimeOf, type Outlook, outlooks } from './learning-times.ts'

/**
 * What a researcher may want to see happen but should know beforehand. Each warning carries the figure and points
 * at the field; none of them keeps a run from the queue. Formulas are the theory room's (docs/theory.md §3–§7),
 * so that there are none for nets.
 */
export function warningsOf(spec: ResolvedSpec, spectrum: SpectrumView | null): Warning[] {
  if (!isLinear(spec) || spectrum === null) return []
  const features = outlooks(spec, spectrum)
  return [
    ...descentWarnings(spec, spectrum),
    ...(features === null ? [] : learningWarnings(spec, features)),
    ...dataWarnings(spectrum),
    ...startWarnings(spec),
  ]
}

/** Plain float32 loses digits of a first step under this share of the weight: percents of the critical time. */
const INACCURATE = 1e-5
/** Below this the amplitude of JEPA drifts by more than .2 over a run (docs/theory.md §6). */
const SMALL_BATCH = 64
/** The commutator from which single features differ visibly from the commuting theory. */
const COMMUTING = 1e-3

function descentWarnings(spec: LinearSpec, spectrum: SpectrumView): Warning[] {
  const { training, objective, model } = spec
  if (training.mode === 'flow') return []
  const warnings: Warning[] = []
  const { learningRate, momentum } = training
  const { sigma2, lambda } = spectrum
  const bound = maxStableLearningRate(objective, sigma2, lambda, model.depth, momentum)
  if (learningRate >= bound) {
    warnings.push({
      code: 'LEARNING_RATE_UNSTABLE',
      message: `The learning rate ${learningRate} is at or over the stability bound ${figure(bound)}: training will oscillate, hop to another fixed point or diverge.`,
      pointer: '/training/learningRate',
    })
  }
  if (momentum > 0) {
    warnings.push({
      code: 'MOMENTUM_OUTSIDE_THEORY',
      message: `With momentum ${momentum} features come about ${figure(1 / (1 - momentum))} times sooner in learning rate × step than without; predicted times are divided by that, which holds for small learning rates.`,
      pointer: '/training/momentum',
    })
  }
  if (training.mode === 'sgd' && objective === 'jepa' && (training.batchSize ?? 0) < SMALL_BATCH) {
    warnings.push({
      code: 'BATCH_SMALL',
      message: `Amplitudes of JEPA drift under minibatch noise of ${training.batchSize} samples; compare orders and times with ${SMALL_BATCH} or more, or a small learning rate.`,
      pointer: '/training/batchSize',
    })
  }
  return [...warnings, ...float32Warnings(spec, training, spectrum)]
}

/** Added where the run itself is spared, but not the same spec at a larger width or on another engine. */
const IN_FLOAT64 =
  'This run is meant for the reference engine, which computes in float64 whatever is asked, and is spared that.'

function float32Warnings(spec: LinearSpec, training: ResolvedDescent, { lambda }: SpectrumView): Warning[] {
  const { init, objective, model } = spec
  if (training.precision !== 'float32' || init.kind === 'explicit') return []
  const learnt = lambda.filter((each) => each > 0)
  if (learnt.length === 0) return []
  const step = {
    lambda: Math.min(...learnt),
    scale: init.scale,
    depth: model.depth,
    learningRate: training.learningRate,
  }
  const share = relativeFirstStep(objective, step)
  const pointer = '/training/precision'
  const first = `The first step changes a weight by ${figure(share)} of itself`
  const where = intendedEngine(spec) === 'reference' ? ` ${IN_FLOAT64}` : ''
  if (stallsInFloat32(objective, step)) {
    const message = `${first}, and plain float32 rounds all under 2.98e-8 away: training never moves. Use precision compensated or float64.${where}`
    return [{ code: 'FLOAT32_STALL', message, pointer }]
  }
  if (share >= INACCURATE) return []
  const message = `${first}, where plain float32 loses digits: times will be percents off. Use precision compensated or float64.${where}`
  return [{ code: 'FLOAT32_INACCURATE', message, pointer }]
}

function learningWarnings(spec: LinearSpec, features: readonly Outlook[]): Warning[] {
  const warnings: Warning[] = []
  const gaussian = spec.data.kind === 'gaussian'
  const never = features.filter((each) => each.criticalTime === Infinity)
  const [lost] = never
  if (lost !== undefined) {
    warnings.push({
      code: 'FEATURE_NEVER_LEARNED',
      message: `${named(never)} λ ≤ 0 (${figure(lost.lambda)}) and ${never.length === 1 ? 'is' : 'are'} never learned.`,
      pointer: gaussian ? `/data/lambda/${lost.index}` : '/data',
    })
  }
  const { fraction } = spec.measure
  const scale = spec.init.kind === 'explicit' ? 0 : spec.init.scale
  const above = features.filter((each) => each.criticalTime === 0)
  const [first] = above
  if (first !== undefined) {
    warnings.push({
      code: 'FEATURE_NOT_GROWING',
      message: `${named(above)} a fixed point of ${figure(first.fixedPoint)}, of which ${fraction} is not above the initial scale ${scale}: there is nothing to learn. Use a smaller scale or fewer layers.`,
      pointer: '/init/scale',
    })
  }
  return [...warnings, ...lengthWarnings(spec, features)]
}

function lengthWarnings(spec: LinearSpec, features: readonly Outlook[]): Warning[] {
  const end = flowTimeOf(spec)
  const { training } = spec
  const timeOf = (each: Outlook) => each.criticalTime * timePerFlow(training)
  const late = features.filter((each) => timeOf(each) > end && timeOf(each) < Infinity)
  const [any] = late
  if (any === undefined) return []
  const slowest = late.reduce((most, each) => (timeOf(each) > timeOf(most) ? each : most), any)
  const descent = training.mode !== 'flow'
  // A schedule that falls over the run has no number of steps that would do at this rate.
  const needed =
    descent && training.schedule === 'constant'
      ? ` (${Math.ceil(timeOf(slowest) / training.learningRate)} steps)`
      : ''
  const message = `Training ends at time ${figure(end)}${descent ? ` (${training.steps} steps)` : ''}, but ${late.length === 1 ? 'feature' : `${late.length} features are learned later, the slowest, feature`} ${slowest.index}${late.length === 1 ? ' is learned' : ','} at ${figure(timeOf(slowest))}${needed}.`
  return [{ code: 'RUN_TOO_SHORT', message, pointer: descent ? '/training/steps' : '/training/time' }]
}

function dataWarnings({ commutator, asymmetry }: SpectrumView): Warning[] {
  if (commutator <= COMMUTING && asymmetry <= COMMUTING) return []
  return [
    {
      code: 'NOT_COMMUTING',
      message: `The covariances do not commute (commutator ${figure(commutator)}, asymmetry ${figure(asymmetry)}): predictions per feature are approximate.`,
      pointer: '/data',
    },
  ]
}

function startWarnings({ objective, init, model }: LinearSpec): Warning[] {
  if (objective !== 'jepa') return []
  if (init.kind === 'gaussian') {
    const share = Math.round(100 * gaussianCollapseShare(model.depth))
    const message = `JEPA from an unbalanced start loses about ${share} % of the features for good at depth ${model.depth}, and the others come 1.4 to 3.3 times later. Use init balanced to meet the theory.`
    return [{ code: 'START_MAY_COLLAPSE', message, pointer: '/init/kind' }]
  }
  if (init.kind === 'orthogonal') {
    const message =
      'Orthogonal layers with a decoder that is not aligned with them leave the theory at order 1: JEPA may never learn some features. Use init balanced to meet the theory.'
    return [{ code: 'START_MAY_COLLAPSE', message, pointer: '/init/kind' }]
  }
  return []
}

/** The subject of a sentence: `Feature 3 has`, or `5 features (2, 3, 4, …) have`. */
function named(features: readonly Outlook[]): string {
  const [first] = features
  if (features.length === 1) return `Feature ${first?.index} has`
  const shown = features.slice(0, 3).map((each) => each.index)
  return `${features.length} features (${shown.join(', ')}${features.length > 3 ? ', …' : ''}) have`
}

/** Three digits, as a person would write them. */
function figure(value: number): string {
  return String(Number(value.toPrecision(3)))
}
