import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { SweepSpec } from '../../../src/experiment/sweep.ts'
import type { SweepRun, Verdict } from '../../../src/experiment/sweep-view.ts'
import { analyseSweep } from '../../../src/report/sweeps/analysis.ts'
import { trainSweep } from './trained-sweep.ts'

/** Small enough for seconds; of three latents, λ falls as ρ rises. */
const spec: SweepSpec = {
  base: {
    objective: 'jepa',
    data: {
      kind: 'nonlinear',
      family: 'mixing',
      lambda: [1.3, 1.1, 0.9],
      rho: [0.3, 0.6, 0.95],
      dimension: 6,
    },
    model: { kind: 'mlp', depth: 1, width: 32, outputs: 8, activation: 'relu' },
    init: { kind: 'orthogonal', scale: 0.05 },
    training: { mode: 'sgd', learningRate: 0.2, batchSize: 32, steps: 1500 },
    measure: { points: 30 },
  },
  axes: { objective: ['jepa', 'mae'], seed: { seeds: 3 } },
  claim: 'jepa-follows-rho',
}
const trained = await trainSweep(spec)

function verdictOf(runs: readonly SweepRun[], of: SweepSpec = spec): Verdict {
  return analyseSweep(of, runs).verdict!
}

it('nets that trained have an order beside those by λ and by ρ', () => {
  for (const { state, criticalTimes, orderCorrelation } of trained) {
    assert.equal(state, 'succeeded')
    assert.equal(criticalTimes!.measured.length, 3)
    assert.ok(orderCorrelation !== undefined)
  }
  const { because, figures } = verdictOf(trained)
  assert.match(because, /^JEPA's order of learning goes with falling ρ more than MAE's by .*\.$/)
  assert.equal(figures.length, 3)
})

/** The trained runs, as if their order had gone with falling ρ so far. */
function as(correlations: Readonly<Record<'jepa' | 'mae', readonly (number | null)[]>>): SweepRun[] {
  return trained.map((run) => {
    const { objective, seed } = run.point as { objective: 'jepa' | 'mae'; seed: number }
    const byRho = correlations[objective][seed]!
    return { ...run, orderCorrelation: { byRho, byLambda: byRho === null ? null : -byRho } }
  })
}

it('the claim holds where the interval of the paired differences is above 0, and fails where it is below', () => {
  const [high, low] = [
    [0.8, 1, 0.9],
    [-1, -0.8, -0.9],
  ]
  const upheld = verdictOf(as({ jepa: high, mae: low }))
  assert.equal(upheld.holds, true, upheld.because)
  assert.deepEqual(
    upheld.figures.map(({ measured }) => Number(measured!.toFixed(9))),
    [1.8, 0.9, -0.9],
  )
  assert.equal(verdictOf(as({ jepa: low, mae: high })).holds, false)
})

it('the claim stays open where 0 is in the interval, where nothing was learned, and where runs are missing', () => {
  const [even, mixed] = [
    [0.5, 0.5, 0.5],
    [1, 0.4, 0.2],
  ]
  assert.equal(verdictOf(as({ jepa: mixed, mae: even })).holds, null)
  const none = verdictOf(as({ jepa: [null, null, null], mae: even }))
  assert.equal(none.holds, null)
  assert.match(none.because, /by an unknown amount/)
  const apart = as({ jepa: [0.8, 1, 0.9], mae: [-1, -0.8, -0.9] })
  const unfinished = apart.map((run, k) => (k === 0 ? { ...run, state: 'diverged' as const } : run))
  assert.equal(verdictOf(unfinished).holds, null)
  assert.equal(verdictOf(apart.filter(({ point }) => point.objective === 'jepa')).holds, null)
  assert.equal(verdictOf([]).holds, null)
})

it('each point of other axes is judged by itself', () => {
  const at = (width: number, runs: readonly SweepRun[]) =>
    runs.map((run) => ({ ...run, point: { ...run.point, 'model.width': width } }))
  const { objective, seed } = spec.axes
  const wide: SweepSpec = { ...spec, axes: { objective: objective!, 'model.width': [32, 64], seed: seed! } }
  const upheld = as({ jepa: [0.8, 1, 0.9], mae: [-1, -0.8, -0.9] })
  const open = as({ jepa: [1, 0.4, 0.2], mae: [0.5, 0.5, 0.5] })
  assert.equal(verdictOf([...at(32, upheld), ...at(64, upheld)], wide).holds, true)
  const both = verdictOf([...at(32, upheld), ...at(64, open)], wide)
  assert.equal(both.holds, null)
  assert.match(both.because, /at width 32, .* at width 64/)
})

it('features that a random net tells of at once are counted', () => {
  const runs = trained.map((run) => ({ ...run, criticalTimes: { measured: [0, 1, 2], predicted: [] } }))
  assert.match(verdictOf(runs).because, /6 of 6 runs could tell a feature before any training/)
})

it('a claim of nets says nothing of deep linear models', () => {
  const runs = trained.map(({ orderCorrelation: _, ...run }) => run)
  assert.equal(verdictOf(runs).holds, null)
  assert.match(verdictOf(runs).because, /no two runs are such twins/)
})
