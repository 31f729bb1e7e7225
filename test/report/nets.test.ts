import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Value } from 'typebox/value'
import { trajectoryCsv } from '../../src/artifacts/csv.ts'
import { trajectoryNpz } from '../../src/artifacts/npz.ts'
import { trajectoryParquet } from '../../src/artifacts/parquet.ts'
import { resultTable } from '../../src/cli/result-table.ts'
import type { Measurements } from '../../src/experiment/measurement.ts'
import { ResultView, TrajectoryView } from '../../src/experiment/result-view.ts'
import { drawComparison } from '../../src/report/comparison.ts'
import { drawFigure } from '../../src/report/figure.ts'
import type { FinishedRun } from '../../src/report/finished-run.ts'
import { timeOfPassing, valueAt } from '../../src/report/nets/first-passage.ts'
import { buildReport } from '../../src/report/report.ts'
import { vegaLiteComparison, vegaLiteSpec } from '../../src/report/vega.ts'
import { checkDrawing } from './drawings.ts'
import { exactRun } from './exact-run.ts'
import { netRun, netSpec } from './net-runs.ts'

const run = await netRun(netSpec)
const { result, trajectory } = buildReport(run)

/** The run with other measurements; spreading it would ask for moments, which nets go without. */
function measuring(change: Partial<Measurements>, latents = run.latents): FinishedRun {
  const { id, spec, manifest, measurements } = run
  const numbers = { lambda: [3, 2, 1], rho: [0.9, 0.5, 0.1] }
  const spectrum = numbers as unknown as FinishedRun['spectrum']
  const moments = {} as FinishedRun['moments']
  return {
    ...{ id, spec, manifest, spectrum, moments, measurements: { ...measurements, ...change } },
    ...(latents && { latents }),
  }
}

const { latents: _, ...unknown } = run.measurements.probes!
const withoutLatents = (change: Partial<Measurements>) => {
  const { latents: __, ...rest } = measuring({ amplitudes: [], passages: [], ...change })
  return rest
}

it('a passage lies on a straight line over ln t, over t from the start', () => {
  const series = { time: [0, 1, 100], values: [0, 0.2, 0.8] }
  assert.equal(timeOfPassing(series, 0.1), 0.5)
  assert.ok(Math.abs(timeOfPassing(series, 0.5)! - 10) < 1e-12) // rounding only
  assert.equal(timeOfPassing(series, 0.9), null)
  assert.equal(timeOfPassing(series, 0), 0)
  assert.ok(Math.abs(valueAt(series, 10)! - 0.5) < 1e-12)
  assert.equal(valueAt(series, 100), 0.8)
  assert.equal(valueAt(series, 101), null)
})

it('moments at which nothing was measured are passed over, and the first passage counts', () => {
  const series = { time: [1, 10, 100, 1000], values: [0, Number.NaN, 1, 0.1] }
  assert.ok(Math.abs(timeOfPassing(series, 0.5)! - 10) < 1e-12)
  assert.ok(Math.abs(valueAt(series, 10)! - 0.5) < 1e-12)
  assert.equal(timeOfPassing({ time: [0, 1], values: [null, null] }, 0.5), null)
})

it('the result of a net tells when each latent was first read off, and no theory', () => {
  assert.deepEqual(result.order, {
    measured: [3, 2, 1, 0],
    predicted: [],
    byLambda: [0, 1, 2, 3],
    byRho: [3, 2, 1, 0],
  })
  assert.deepEqual(result.orderCorrelation, { byLambda: -1, byRho: 1 })
  const times = result.features.map(({ criticalTime }) => criticalTime.measured)
  assert.ok(Math.abs(times[3]! / 3.98 - 1) < 0.03, `${times[3]}`) // ε^−0.3, ten points a decade
  assert.ok(Math.abs(times[2]! / times[3]! - 10) < 0.3)
  assert.equal(times[0], null)
  for (const { criticalTime, amplitude } of result.features) {
    assert.deepEqual(
      [criticalTime.predicted, criticalTime.leadingOrder, amplitude.fixedPoint],
      [null, null, null],
    )
  }
  assert.deepEqual(result.applies, { commuting: false, balanced: false, stable: false })
  assert.equal(result.theoryResidual, null)
  assert.ok(result.greedyIndex.measured! > 0.95 && result.greedyIndex.predicted === null)
  assert.deepEqual(result.probes!.rank, { names: ['rank'], initial: [1], final: [4.9] })
  assert.deepEqual(result.probes!.latents!.names, ['z0', 'z1', 'z2', 'z3'])
  assert.equal(result.collapse, null)
  assert.deepEqual([...Value.Errors(ResultView, result)], [])
  assert.deepEqual([...Value.Errors(TrajectoryView, trajectory)], [])
})

it('a latent that is read off at the start has time 0; without any learned there is no correlation', () => {
  const flat = (level: number) => run.measurements.time.map(() => level)
  const there = buildReport(measuring({ amplitudes: [flat(0.7), flat(0.2), flat(0.2), flat(0.2)] })).result
  assert.deepEqual(
    there.features.map(({ criticalTime }) => criticalTime.measured),
    [0, null, null, null],
  )
  assert.equal(there.greedyIndex.measured, 1)
  const none = buildReport(measuring({ amplitudes: [0, 1, 2, 3].map(() => flat(0.2)) })).result
  assert.deepEqual(none.orderCorrelation, { byLambda: null, byRho: null })
  assert.equal(none.greedyIndex.measured, null)
})

it('without known latents the features are the directions of the probe alignment', () => {
  const values = run.measurements.amplitudes.slice(0, 3)
  const aligned = buildReport(withoutLatents({ probes: { ...unknown, alignment: { values } } })).result
  assert.deepEqual(
    aligned.features.map(({ lambda, rho, name }) => [lambda, rho, name]),
    [
      [3, 0.9, undefined],
      [2, 0.5, undefined],
      [1, 0.1, undefined],
    ],
  )
  assert.deepEqual(buildReport(withoutLatents({ probes: unknown })).result.features, [])
})

it('the first row at which the representation is one point is told as its collapse', () => {
  const { time, step, probes } = run.measurements
  const spread = { values: [time.map((_, k) => (k < 20 ? 0.9 : 0.01))] }
  const rank = { values: [time.map(() => 1.1)] }
  const collapsed = buildReport(measuring({ probes: { ...probes!, spread, rank } }))
  assert.equal(collapsed.result.collapse?.step, step[20])
  assert.match(collapsed.result.collapse!.message, /spread of 0\.0100/)
  assert.match(resultTable(collapsed.result), /collapsed at step/)
  assert.match(drawFigure({ id: 'rnet', spec: run.spec, ...collapsed }), /collapsed at step/)
})

it('a probe that was not taken at the end has null there, and no number is lost on the way to a file', () => {
  const { time, probes } = run.measurements
  const rank = { values: [time.map((_, k) => (k % 2 === 0 ? k : Number.NaN))] }
  const sparse = buildReport(measuring({ probes: { ...probes!, rank } }))
  assert.deepEqual(sparse.result.probes!.rank!.final, [null])
  assert.equal(sparse.trajectory.probes!.rank!.values[0]![1], null)
  const [header, first] = trajectoryCsv(sparse.trajectory).split('\r\n')
  assert.match(header!, /probe_latents_3,probe_rank,probe_variance_0/)
  assert.equal(first!.split(',').length, header!.split(',').length)
  for (const bytes of [trajectoryNpz(sparse.trajectory), trajectoryParquet(sparse.trajectory)]) {
    assert.ok(bytes.length > 1000)
  }
})

it('a net is drawn: a line for each latent, loss and rank below, and not a word of theory', () => {
  const drawing = { id: 'rnet', spec: run.spec, result, trajectory }
  const svg = drawFigure(drawing)
  checkDrawing(svg)
  for (const words of [
    'JEPA, 2 × 16 tanh',
    'loss',
    'effective rank',
    'R², held out',
    'not learned',
    '3 of 4 learned',
  ]) {
    assert.ok(svg.includes(words), words)
  }
  assert.ok(!/theory|predicted|fixed point/.test(svg))
  const spec = JSON.stringify(vegaLiteSpec(drawing))
  for (const words of ['"R², held out"', 'effective rank']) assert.ok(spec.includes(words), words)
  assert.ok(!/"(time|share|value)":null/.test(spec))
})

it('accuracies of a net are drawn in ink, also where no feature is known', () => {
  const accuracy = { values: [run.measurements.time.map((_, k) => k / 40)] }
  const blind = buildReport(
    withoutLatents({ probes: { ...unknown, classes: accuracy, neighbours: accuracy } }),
  )
  const drawing = { id: 'rnet', spec: run.spec, ...blind }
  const svg = drawFigure(drawing)
  checkDrawing(svg)
  assert.ok(!svg.includes('R² of a feature'), 'the key speaks of features that there are none of')
  for (const words of [
    'accuracy of a classifier',
    'accuracy, held out',
    'accuracy, linear',
    'accuracy, neighbours',
    'accuracy 0.975',
  ]) {
    assert.ok(svg.includes(words), words)
  }
  assert.ok(JSON.stringify(vegaLiteSpec(drawing)).includes('accuracy, linear'))
  assert.match(resultTable(blind.result), /classes: 0 → 0\.975/)
})

it('a net stands beside a deep linear run in one comparison', () => {
  const setting = {
    objective: 'mae',
    depth: 2,
    scale: 0.01,
    lambda: [1, 0.5],
    rho: [0.9, 0.5],
    time: 1e3,
    points: 40,
  } as const
  const linear = exactRun({ ...setting, lambda: [...setting.lambda], rho: [...setting.rho] })
  const drawings = [
    { id: 'rnet', spec: run.spec, result, trajectory },
    { id: 'rlinear', spec: linear.spec, ...buildReport(linear) },
  ]
  const svg = drawComparison('Both', drawings)
  checkDrawing(svg)
  assert.ok(svg.includes('R², held out') && svg.includes('amplitude / fixed point') && svg.includes('theory'))
  assert.equal((vegaLiteComparison('Both', drawings) as { concat: object[] }).concat.length, 2)
})

it('the table of a net says what its order goes with', () => {
  const table = resultTable(result)
  assert.match(table, /jepa learned 3 → 2 → 1 → 0; rank correlation with falling ρ 1, with falling λ -1/)
  assert.match(table, /rank: 1 → 4\.9/)
  assert.ok(!/predicted|commutator/.test(table))
})
