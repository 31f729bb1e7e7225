import { depthOf } from '../experiment/model-spec.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { formatShort } from './ticks.ts'

/** What a figure says of a run in words. */

/** JEPA, depth 3, ε = 10⁻³ */
export function headline({ objective, model, init }: ResolvedSpec): string {
  return `${objective.toUpperCase()}, depth ${depthOf(model)}, ${startOf(init)}`
}

function startOf(init: ResolvedSpec['init']): string {
  if (init.kind === 'explicit') return 'explicit start'
  const noise = (init.noise ?? 0) > 0 ? ` with noise ${formatShort(init.noise!)}` : ''
  return `${init.kind === 'balanced' ? '' : `${init.kind} start `}ε = ${formatShort(init.scale)}${noise}`
}

const MODES = { flow: 'gradient flow', 'gradient-descent': 'gradient descent', sgd: 'stochastic descent' }

/** gradient descent η = 0.01, tensorflow on cpu */
export function howTrained({ training }: ResolvedSpec, { engine, device }: ResultView): string {
  const rate = training.mode === 'flow' ? '' : ` η = ${formatShort(training.learningRate)}`
  const batch = training.mode === 'sgd' ? `, batch ${training.batchSize}` : ''
  return `${MODES[training.mode]}${rate}${batch}, ${engine} on ${device}`
}

/** What was learned first, and whether theory foresaw the order. */
export function finding({ features, order, rankCorrelation }: ResultView): string {
  const learned = order.measured.filter((i) => (features[i]!.criticalTime.measured ?? 0) > 0)
  if (learned.length === 0) return 'no feature learned'
  const predicted = order.predicted.filter((i) => learned.includes(i))
  const rule = ruleOf(learned.map((i) => features[i]!))
  const foreseen = learned.every((i, k) => predicted[k] === i)
  const agreement = foreseen
    ? 'in the predicted order'
    : `rank correlation with theory ${formatOr(rankCorrelation)}`
  const count = learned.length < features.length ? `${learned.length} of ${features.length} learned, ` : ''
  if (rule !== null) return `${count}${rule} first, ${agreement}`
  return foreseen && count === '' ? `learned ${agreement}` : `${count}${agreement}`
}

function formatOr(value: number | null): string {
  return value === null ? 'undefined' : formatShort(value)
}

function ruleOf(inOrder: readonly ResultView['features'][number][]): string | null {
  const falls = (of: (feature: ResultView['features'][number]) => number) =>
    inOrder.length > 1 && inOrder.slice(1).every((feature, k) => of(feature) < of(inOrder[k]!))
  const [byRho, byLambda] = [falls(({ rho }) => rho), falls(({ lambda }) => lambda)]
  if (byRho && byLambda) return 'high ρ and λ'
  return byRho ? 'high ρ' : byLambda ? 'high λ' : null
}

/** Why theory is only approximate for this run, or null where all of its assumptions hold. */
export function reservation({ applies, commutator, asymmetry }: ResultView): string | null {
  const reasons = [
    applies.commuting ? [] : [`covariances do not commute (${formatShort(Math.max(commutator, asymmetry))})`],
    applies.balanced ? [] : ['start not balanced'],
    applies.stable ? [] : ['learning rate above the bound'],
  ].flat()
  return reasons.length === 0 ? null : reasons.join(', ')
}

/** job r…, fingerprint 0123456789ab */
export function provenance(id: string, { fingerprint }: ResultView): string {
  return `job ${id}, fingerprint ${fingerprint.slice(0, 12)}`
}
