import { intendedEngine } from '../experiment/engine-choice.ts'
import type { LinearSpec } from '../experiment/resolve.ts'
import type { SpectrumView } from '../experiment/result-view.ts'
import { curvatures } from '../theory/stability.ts'
import { slowestAndFirst } from './learning-times.ts'

/** What an integrator takes for a flow: an upper estimate of its steps, and what one of them costs. */
export interface FlowWork {
  readonly steps: number
  /** Gradients a step. */
  readonly evaluations: number
  /** Seconds on one quiet core. */
  readonly perStep: number
}

/**
 * An explicit method takes at least these steps, and once a feature is learned about one for each 1.8 of curvature × time,
 * for it is bound by the fastest decay. Over 30 runs of depth 1 to 4 and 2 to 8 features the reference engine's real count was
 * 0.4 to 1.0 of it.
 */
const FLOW_STEPS = 800
const STEP_REACH = 1.8
/** Dormand and Prince's pairs of order 5 (reference) and 8 (lanes): gradients a step. */
const STAGES = 6
const STAGES_OF_LANES = 12
/**
 * On lanes a run whose features stay apart for ever falls into paths, which stiffness does not slow down: over 32 runs
 * 0.3 to 0.9 of these steps a feature and a decade of growth.
 */
const PATH_STEPS = 60
const PATH_STEPS_A_DECADE = 15
const PATH_STAGES = 19

/**
 * Other runs on lanes cross what is stiff by an implicit method where its systems, a row for each residual, are small: over 72
 * runs of depth 2 to 4, 2 to 16 features and ε = 1e-3 and 1e-5, 0.01 to 1.1 of these steps and, from 4 features on, 0.05 to
 * 1.1 of the seconds.
 */
const MOST_RESIDUALS = 256
const STIFF_STEPS = 300
const STIFF_STEPS_A_DECADE = 10 // for each feature squared
const STIFF_EVALUATIONS = 24
const STIFF_EVALUATIONS_A_FEATURE = 2

/** Estimates a flow of some length. */
export function flowWork(spec: LinearSpec, spectrum: SpectrumView, time: number): FlowWork {
  const { depth, width } = spec.model
  const flops = 2 * (3 * depth + 2) * width ** 3
  const isLanes = intendedEngine(spec) === 'lanes'
  if (isLanes && fallsIntoPaths(spec, spectrum)) {
    const decades = Math.max(1, -Math.log10(scaleOf(spec)))
    const steps = Math.ceil(PATH_STEPS + PATH_STEPS_A_DECADE * spectrum.lambda.length * decades)
    return { steps, evaluations: PATH_STAGES, perStep: 20e-6 + PATH_STAGES * depth * width * 0.1e-6 }
  }
  const steps = explicitSteps(spec, spectrum, time)
  if (!isLanes) return { steps, evaluations: STAGES, perStep: STAGES * (0.7e-6 + flops / 1.4e9) }
  const evaluation = 0.5e-6 + flops / 5e9
  const plain = { steps, evaluations: STAGES_OF_LANES, perStep: STAGES_OF_LANES * evaluation }
  const implicit = implicitWork(spec, spectrum, evaluation)
  return implicit.steps * implicit.perStep < plain.steps * plain.perStep ? implicit : plain
}

function implicitWork(spec: LinearSpec, spectrum: SpectrumView, evaluation: number): FlowWork {
  const d = spectrum.lambda.length
  const residuals = d * (spec.objective === 'jepa' ? spec.model.width : d)
  const decades = Math.max(1, -Math.log10(scaleOf(spec)))
  const steps = residuals > MOST_RESIDUALS ? Infinity : STIFF_STEPS + STIFF_STEPS_A_DECADE * d * d * decades
  const evaluations = STIFF_EVALUATIONS + STIFF_EVALUATIONS_A_FEATURE * d
  return { steps: Math.ceil(steps), evaluations, perStep: evaluations * evaluation }
}

function explicitSteps(spec: LinearSpec, spectrum: SpectrumView, time: number): number {
  const stiff = curvatures(spec.objective, spectrum.sigma2, spectrum.lambda, spec.model.depth)
  const fastest = stiff.reduce((most, row) => Math.max(most, ...row), 0)
  const learned = Math.max(0, time - (slowestAndFirst(spec, spectrum)?.first ?? 0))
  return Math.ceil(FLOW_STEPS + (fastest * learned) / STEP_REACH)
}

/** A commutator and an asymmetry below this are rounding. */
const COMMUTING = 1e-12

/** Whether the start is diagonal in coordinates in which the data are (workers/models/aligned-frame.ts). */
function fallsIntoPaths({ init }: LinearSpec, { commutator, asymmetry }: SpectrumView): boolean {
  const isBalanced = init.kind === 'balanced' && (init.noise ?? 0) === 0
  return isBalanced && commutator <= COMMUTING && asymmetry <= COMMUTING
}

function scaleOf({ init }: LinearSpec): number {
  return init.kind === 'explicit' ? 1 : init.scale
}
