import { objectiveOf } from './spots.ts'
import type { SweepDrawing } from './sweep-drawing.ts'

/**
 * A sweep as CSV (RFC 4180), a row for each run, those without a result too: the axes, then what was measured beside what theory
 * says. Times are flow times; an empty field is never, or no number. Orders are indices with spaces between.
 */
export function sweepCsv({ spec, runs }: Pick<SweepDrawing, 'spec' | 'runs'>): string {
  const paths = Object.keys(spec.axes).filter((path) => path !== 'objective')
  const d = runs.reduce((most, run) => Math.max(most, run.criticalTimes?.measured.length ?? 0), 0)
  const features = Array.from({ length: d }, (_, i) => i)
  const areNets = runs.some(({ orderCorrelation }) => orderCorrelation !== undefined)
  const perFeature = [
    'critical_time_measured',
    'critical_time_predicted',
    'amplitude_final',
    'amplitude_fixed_point',
  ]
  const header = [
    'id',
    'state',
    'objective',
    ...paths,
    'order_measured',
    'order_predicted',
    'greedy_index_measured',
    'greedy_index_predicted',
    ...(areNets ? ['order_correlation_rho', 'order_correlation_lambda'] : []),
    'theory_residual',
    'loss_initial',
    'loss_final',
    ...features.flatMap((i) => perFeature.map((name) => `${name}_${i}`)),
    'fingerprint',
  ]
  const rows = runs.map((run) => [
    run.id,
    run.state,
    objectiveOf(spec, run),
    ...paths.map((path) => run.point[path]),
    run.order?.measured.join(' '),
    run.order?.predicted.join(' '),
    run.greedyIndex?.measured,
    run.greedyIndex?.predicted,
    ...(areNets ? [run.orderCorrelation?.byRho, run.orderCorrelation?.byLambda] : []),
    run.theoryResidual,
    run.loss?.initial,
    run.loss?.final,
    ...features.flatMap((i) => [
      run.criticalTimes?.measured[i],
      run.criticalTimes?.predicted[i],
      run.amplitudes?.final[i],
      run.amplitudes?.fixedPoint[i],
    ]),
    run.fingerprint,
  ])
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

function field(value: unknown): string {
  if (value === null || value === undefined) return ''
  const content = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content
}
