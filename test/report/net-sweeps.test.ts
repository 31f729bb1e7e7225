import assert from 'node:assert/strict'
import { it } from 'node:test'
import { analyseSweep } from '../../src/report/sweeps/analysis.ts'
import { drawSweepFigure, PLOTS } from '../../src/report/sweeps/figures/figure.ts'
import { kindsFor } from '../../src/report/sweeps/figures/kinds.ts'
import { spotsOf } from '../../src/report/sweeps/figures/spots.ts'
import { sweepCsv } from '../../src/report/sweeps/figures/sweep-csv.ts'
import { sweepVega } from '../../src/report/sweeps/figures/sweep-vega.ts'
import { checkDrawing } from './drawings.ts'
import { netSpec, netSweep } from './net-runs.ts'

const objective = ['jepa', 'mae']
const log = { log: [1e-3, 1] as [number, number] }
const twins = await netSweep({ base: netSpec, axes: { objective, seed: { seeds: 4 } } })
const sweeps = {
  twins,
  scales: await netSweep({
    base: netSpec,
    axes: { objective, 'init.scale': { ...log, count: 3 }, seed: { seeds: 2 } },
  }),
  depths: await netSweep({ base: netSpec, axes: { objective, 'model.depth': [1, 2] } }),
  phases: await netSweep({
    base: netSpec,
    axes: { 'init.scale': { ...log, count: 3 }, 'data.rho.0': [0.3, 0.4] },
  }),
  random: await netSweep({
    base: netSpec,
    axes: { 'init.scale': log, 'data.rho.0': { linear: [0.3, 0.5] } },
    search: 'random',
    count: 5,
  }),
}

for (const [name, sweep] of Object.entries(sweeps)) {
  for (const kind of kindsFor(sweep.spec, sweep.analysis)) {
    it(`a sweep of nets over ${name} is drawn as ${kind}, without theory`, () => {
      const svg = drawSweepFigure({ ...sweep, kind })
      checkDrawing(svg)
      assert.ok(/measured|R² of a feature/.test(svg), 'nothing measured in the key')
      assert.ok(!/theory|fixed point/.test(svg), /theory[^<]*|fixed point[^<]*/.exec(svg)?.[0])
      const spec = JSON.stringify(sweepVega({ ...sweep, kind }))
      assert.ok(!spec.includes('"source":"theory"'))
      if (kind !== 'amplitudes') assert.ok(/"measured"|"answer"/.test(spec))
    })
  }
}

it('critical times of nets are drawn on one scale, and what is left of each feature below', () => {
  const { panels } = PLOTS['critical-times'](sweeps.scales)
  const [jepa, mae, ...kept] = panels
  assert.deepEqual([jepa!.y.from, jepa!.y.to], [mae!.y.from, mae!.y.to])
  assert.deepEqual(
    kept.map(({ y, layers }) => [
      y.title,
      layers.flatMap((layer) => (layer.kind === 'seen' ? layer.points : [])).length,
    ]),
    Array.from({ length: 2 }, () => ['R² at the end, held out', 12]),
  )
})

it('a feature that most seeds have from the start is there at 0, and one that few have is dated by the others', () => {
  const timeOf = (starting: number) => {
    const runs = twins.runs.map((run) => {
      const isThere = (run.point.seed as number) < starting
      const measured = run.criticalTimes!.measured.map((_, i) => (i === 0 && isThere ? 0 : 200))
      return { ...run, criticalTimes: { measured, predicted: [] } }
    })
    return spotsOf(twins.spec, runs)[0]!.times[0]
  }
  assert.deepEqual(timeOf(3), { n: 4, mean: 0, interval: null })
  assert.deepEqual(timeOf(1), { n: 3, mean: 200, interval: [200, 200] })
})

it('groups of nets have what the order goes with, and twins how much more JEPA goes with ρ', () => {
  const [jepa, mae] = twins.analysis.groups!
  assert.equal(jepa!.orderCorrelation!.byRho.mean, 1)
  assert.equal(mae!.orderCorrelation!.byRho.mean, -1)
  const [pair] = twins.analysis.twins!
  assert.equal(pair!.pairs.length, 4)
  assert.equal(pair!.ordersDiffer, 1)
  assert.deepEqual([pair!.orderCorrelation!.byRho.mean, pair!.orderCorrelation!.byLambda.mean], [2, -2])
})

it('a claim of theory is undecided for nets, and a boundary has no prediction', () => {
  const { verdict } = analyseSweep({ ...twins.spec, claim: 'inversion' }, twins.runs)
  assert.equal(verdict!.holds, null)
  assert.match(verdict!.because, /8 of 8 runs are of nets/)
})

it('a boundary of nets has no prediction', async () => {
  const spec = {
    base: netSpec,
    axes: { 'init.scale': { ...log, count: 2 }, 'data.lambda.0': { linear: [1, 2] as [number, number] } },
    search: 'boundary' as const,
    question: 'first-feature-is:3',
  }
  const { runs } = await netSweep({ base: netSpec, axes: { 'init.scale': log, 'data.lambda.0': [1, 2] } })
  const { lines } = analyseSweep(spec, runs).boundary!
  assert.equal(lines.length, 2)
  for (const { predicted, below } of lines) assert.deepEqual([predicted, below], [null, true])
})

it('the csv of nets has a column for what the order goes with', () => {
  const [header, first] = sweepCsv(twins).split('\r\n')
  const at = header!.split(',').indexOf('order_correlation_rho')
  assert.equal(first!.split(',')[at], '1')
})
