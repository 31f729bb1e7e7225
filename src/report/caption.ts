import type { ResolvedSpec } from '../experiment/resolve.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { formatShort } from './ticks.ts'

/** What a figure says of a run in words. */

/** JEPA, depth 3, ε = 10⁻³; JEPA, 2 × 64 tanh, gaussian start ε = 0.1 */
export function headline({ objective, model, init }: ResolvedSpec): string {
  return `${objective.toUpperCase()}, ${modelInWords(model)}, ${startOf(init)}`
}

/** depth 3, 2 × 64 tanh, convolutions 8–16–32 relu */
export function modelInWords(model: ResolvedSpec['model']): string {
  if (model.kind === 'deep-linear') return `depth ${model.depth}`
  if (model.kind === 'mlp') return `${model.depth} × ${model.width} ${model.activation}`
  return `convolutions ${model.channels.join('–')} ${model.activation}`
}

function startOf(init: ResolvedSpec['init']): string {
  if (init.kind === 'explicit') return 'explicit start'
  const noise = (init.noise ?? 0) > 0 ? ` with noise ${formatShort(init.noise!)}` : ''
  return `${init.kind === 'balanced' ? '' : `${init.kind} start `}ε = ${formatShort(init.scale)}${noise}`
}

const OPTIMISERS = { adam: 'Adam', adamw: 'AdamW' }
const MODES = { flow: 'gradient flow', 'gradient-descent': 'gradient descent', sgd: 'stochastic descent' }

/** gradient descent η = 0.01, tensorflow on cpu */
export function howTrained({ training }: ResolvedSpec, { engine, device }: ResultView): string {
  const rate = training.mode === 'flow' ? '' : ` η = ${formatShort(training.learningRate)}`
  const batch = training.mode === 'sgd' ? `, batch ${training.batchSize}` : ''
  const kind = training.mode === 'flow' ? 'sgd' : (training.optimizer?.kind ?? 'sgd')
  return `${kind === 'sgd' ? MODES[training.mode] : OPTIMISERS[kind]}${rate}${batch}, ${engine} on ${device}`
}

/** What was learned first, and whether theory foresaw the order; of a net, what the order goes with. */
export function finding(result: ResultView): string {
  return result.orderCorrelation === undefined ? linearFinding(result) : netFinding(result)
}

function netFinding({ features, order, orderCorrelation, probes, collapse }: ResultView): string {
  const accuracy = probes?.classes?.final[0]
  const parts = [
    ...(features.length === 0 ? [] : [learnedOf(features, order.measured, orderCorrelation!)]),
    ...(accuracy == null ? [] : [`accuracy ${formatShort(accuracy)}`]),
    ...(collapse ? [`collapsed at step ${formatShort(collapse.step)}`] : []),
  ]
  return parts.length === 0 ? 'no known feature' : parts.join(', ')
}

function learnedOf(
  features: ResultView['features'],
  order: readonly number[],
  { byRho, byLambda }: NonNullable<ResultView['orderCorrelation']>,
): string {
  const timeOf = (i: number) => features[i]!.criticalTime.measured
  const learned = order.filter((i) => (timeOf(i) ?? 0) > 0)
  const known = order.filter((i) => timeOf(i) === 0)
  const told = (count: number, what: string) =>
    count === 0 ? [] : [`${count} of ${features.length} ${what}`]
  const counts = [
    ...told(known.length, 'there at the start'),
    ...(learned.length === features.length ? [] : told(learned.length, 'learned')),
  ]
  if (known.length + learned.length === 0) return 'no feature learned'
  const rule = learned.length < features.length ? null : ruleOf(learned.map((i) => features[i]!))
  if (rule !== null) return `${rule} first`
  const correlation = `rank correlation with falling ρ ${formatOr(byRho)}, with falling λ ${formatOr(byLambda)}`
  return [...counts, ...(byRho === null && byLambda === null ? [] : [correlation])].join(', ')
}

function linearFinding({ features, order, rankCorrelation }: ResultView): string {
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
  if (commutator === null || asymmetry === null) return null // a net, of which there is no theory
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
