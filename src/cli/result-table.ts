import type { ResultView } from '../experiment/result-view.ts'
import { formatNumber, formatTable } from './table.ts'

/** What a run learned, for reading: a row per feature, then the orders and how well theory held. */
export function resultTable(result: ResultView): string {
  if (result.orderCorrelation !== undefined) return netTable(result)
  const header = ['feature', 'λ', 'ρ', 't* measured', 't* predicted', 'amplitude', 'fixed point']
  const rows = result.features.map(({ index, lambda, rho, criticalTime, amplitude }) => [
    index,
    lambda,
    rho,
    criticalTime.measured,
    criticalTime.predicted,
    amplitude.final,
    amplitude.fixedPoint,
  ])
  return [formatTable(header, rows), '', ...summary(result)].join('\n')
}

/** Of a net, for which there is no theory. */
function netTable(result: ResultView): string {
  const header = ['feature', 'name', 'λ', 'ρ', 't* measured', 'R² first', 'R² last']
  const rows = result.features.map(({ index, name = '', lambda, rho, criticalTime, amplitude }) => [
    index,
    name,
    lambda,
    rho,
    criticalTime.measured,
    amplitude.initial,
    amplitude.final,
  ])
  const probes = Object.entries(result.probes ?? {}).filter(([, { names }]) => names.length <= 3)
  const { byRho, byLambda } = result.orderCorrelation ?? { byRho: null, byLambda: null }
  return [
    ...(rows.length === 0 ? [] : [formatTable(header, rows), '']),
    ...(result.order.measured.length < 2
      ? []
      : [
          `${result.objective} learned ${result.order.measured.join(' → ')}; rank correlation with falling ρ ${orDash(byRho)}, with falling λ ${orDash(byLambda)}`,
        ]),
    ...probes.map(
      ([name, { names, initial, final }]) =>
        `${name}${names.length > 1 ? ` (${names.join(', ')})` : ''}: ${initial.map(orDash).join(', ')} → ${final.map(orDash).join(', ')}`,
    ),
    ...(result.collapse ? [`collapsed at step ${result.collapse.step}: ${result.collapse.message}`] : []),
    ...howTrained(result),
  ].join('\n')
}

function orDash(value: number | null): string {
  return value === null ? '–' : formatNumber(Number(value.toPrecision(4)))
}

function summary(result: ResultView): string[] {
  const { order, applies } = result
  const agrees = order.measured.join() === order.predicted.join()
  const broken = Object.entries(applies).flatMap(([name, holds]) => (holds ? [] : [name]))
  const residual =
    result.theoryResidual === null ? '' : `theory residual ${formatNumber(result.theoryResidual)}, `
  const caveat = broken.length > 0 ? `; theory's assumptions fail: ${broken.join(', ')}` : ''
  return [
    `${result.objective} learned ${order.measured.join(' → ')}, predicted ${order.predicted.join(' → ')}` +
      ` (${agrees ? 'as predicted' : 'not as predicted'})`,
    `${residual}commutator ${formatNumber(result.commutator ?? 0)}${caveat}`,
    ...howTrained(result),
  ]
}

function howTrained(result: ResultView): string[] {
  return [
    `${formatNumber(result.steps)} steps in ${result.wallSeconds.toFixed(2)} s on ${result.engine} (${result.device}, ${result.precision})`,
    `fingerprint ${result.fingerprint.slice(0, 16)}`,
  ]
}
