import type { ResultView } from '../experiment/result-view.ts'
import { formatNumber, formatTable } from './table.ts'

/** What a run learned, for reading: a row per feature, then the orders and how well theory held. */
export function resultTable(result: ResultView): string {
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
    `${residual}commutator ${formatNumber(result.commutator)}${caveat}`,
    `${formatNumber(result.steps)} steps in ${result.wallSeconds.toFixed(2)} s on ${result.engine} (${result.device}, ${result.precision})`,
    `fingerprint ${result.fingerprint.slice(0, 16)}`,
  ]
}
