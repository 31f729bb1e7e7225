import { fromRows } from '../experiment/matrix.ts'
import type { Spectrum } from '../experiment/measurement.ts'
import { depthOf } from '../experiment/model-spec.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { maxStableLearningRate } from '../theory/stability.ts'
import { isAlignedStart } from './aligned-start.ts'

/**
 * Commutator and asymmetry up to which Sxx and Syx count as commuting. Exact kinds of data are at rounding
 * (1e-15); anything estimated from samples is far above, and its theory an approximation.
 */
const COMMUTING = 1e-6

/** Which assumptions of docs/theory.md §1 and §6 hold for a run: where all three do, theory is exact up to O(η). */
export function applicability(spec: ResolvedSpec, spectrum: Spectrum): ResultView['applies'] {
  return {
    commuting: spectrum.commutator <= COMMUTING && spectrum.asymmetry <= COMMUTING,
    balanced: startsBalanced(spec, spectrum),
    stable: isStable(spec, spectrum),
  }
}

function startsBalanced({ init, objective }: ResolvedSpec, { directions }: Spectrum): boolean {
  if (init.kind !== 'explicit') return init.kind === 'balanced' && (init.noise ?? 0) === 0
  const weights = { layers: init.layers.map(fromRows), decoder: fromRows(init.decoder) }
  return isAlignedStart(objective, weights, directions)
}

function isStable({ training, objective, model }: ResolvedSpec, { sigma2, lambda }: Spectrum): boolean {
  if (training.mode === 'flow') return true
  const { learningRate, momentum } = training
  return learningRate < maxStableLearningRate(objective, sigma2, lambda, depthOf(model), momentum)
}
