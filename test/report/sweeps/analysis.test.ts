import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { SweepSpec } from '../../../src/experiment/sweep.ts'
import type { Point, SweepRun } from '../../../src/experiment/sweep-view.ts'
import { analyseSweep } from '../../../src/report/sweeps/analysis.ts'

const base: SweepSpec['base'] = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 1e-2 },
  training: { mode: 'flow', time: 100 },
}

/** A run that learned its features at these times. */
function ranAt(point: Point, times: (number | null)[], greedy = 0.5): SweepRun {
  const order = times.map((_, i) => i).sort((a, b) => (times[a] ?? Infinity) - (times[b] ?? Infinity))
  return {
    id: `r${JSON.stringify(point)}`,
    point,
    state: 'succeeded',
    fingerprint: 'f',
    order: { measured: order, predicted: order },
    criticalTimes: { measured: times, predicted: times },
    amplitudes: { final: times.map((time) => time ?? 0), fixedPoint: times.map(() => 1) },
    greedyIndex: { measured: greedy, predicted: greedy },
    theoryResidual: 0,
    loss: { initial: 1, final: 0 },
  }
}

function failed(point: Point): SweepRun {
  const nothing = { order: null, criticalTimes: null, amplitudes: null, greedyIndex: null, loss: null }
  return {
    id: `r${JSON.stringify(point)}`,
    point,
    state: 'failed',
    fingerprint: null,
    theoryResidual: null,
    ...nothing,
  }
}

it('runs that differ in their seed alone form a group, and a feature that one never learns is left out of its mean', () => {
  const axes = { 'model.depth': [1, 2], seed: { seeds: 3 } }
  const runs = [1, 2].flatMap((depth) =>
    [0, 1, 2].map((seed) =>
      depth === 2 && seed === 2
        ? failed({ 'model.depth': depth, seed })
        : ranAt({ 'model.depth': depth, seed }, [10 * depth + seed, seed === 1 ? null : 50]),
    ),
  )
  const { groups, ...rest } = analyseSweep({ base, axes }, runs)
  assert.deepEqual(rest, {})
  assert.deepEqual(
    groups!.map(({ point, runs: members, criticalTimes }) => [
      point,
      members.length,
      criticalTimes.map(({ n, mean }) => [n, mean]),
    ]),
    [
      [
        { 'model.depth': 1 },
        3,
        [
          [3, 11],
          [2, 50],
        ],
      ],
      [
        { 'model.depth': 2 },
        3,
        [
          [2, 20.5],
          [1, 50],
        ],
      ],
    ],
  )
  assert.equal(groups![0]!.greedyIndex.mean, 0.5)
  assert.equal(groups![0]!.finalAmplitudes[1]!.n, 3)
})

it('twins are compared pair by pair over the seeds of a point', () => {
  const axes = { objective: ['jepa', 'mae'], seed: { seeds: 3 } }
  const runs = [0, 1, 2].flatMap((seed) => [
    ranAt({ objective: 'jepa', seed }, [100, 1000], 0.9),
    seed === 2
      ? failed({ objective: 'mae', seed })
      : ranAt({ objective: 'mae', seed }, [1, seed === 0 ? 0.5 : 2], 0.4),
  ])
  const { twins, groups } = analyseSweep({ base, axes }, runs)
  assert.deepEqual(
    groups!.map(({ point }) => point),
    [{ objective: 'jepa' }, { objective: 'mae' }],
  )
  assert.equal(twins!.length, 1)
  const [only] = twins!
  assert.deepEqual(only!.point, {})
  assert.deepEqual(
    only!.pairs.map(({ jepa, mae }) => [jepa, mae]),
    [
      [runs[0]!.id, runs[1]!.id],
      [runs[2]!.id, runs[3]!.id],
    ],
  )
  assert.equal(only!.ordersDiffer, 0.5)
  assert.deepEqual(
    only!.logCriticalTimes.map(({ n, mean }) => [n, Number(mean!.toFixed(9))]),
    [
      [2, 2],
      [2, 3],
    ],
  )
  assert.ok(Math.abs(only!.greedyIndex.mean! - 0.5) < 1e-12)
  assert.ok(Math.abs(only!.spread.mean! - 0.4) < 1e-12)
})

it('without a seed, an objective, a search or a claim there is nothing to analyse', () => {
  assert.deepEqual(
    analyseSweep({ base, axes: { 'model.depth': [1] } }, [ranAt({ 'model.depth': 1 }, [1, 2])]),
    {},
  )
})

it('a hundred thousand runs are analysed in time that grows with their number alone', () => {
  const point = (k: number) => ({
    objective: k % 2 === 0 ? 'jepa' : 'mae',
    'model.depth': 1 + ((k >> 1) % 4),
    seed: k >> 3,
  })
  const runs = Array.from({ length: 100_000 }, (_, k) =>
    ranAt(point(k), [k % 2 === 0 ? 30 : 2, k % 2 === 0 ? 20 : 2.5]),
  )
  const axes = { objective: ['jepa', 'mae'], 'model.depth': [1, 2, 3, 4], seed: { seeds: 12_500 } }
  const spent = (count: number) => {
    const before = process.cpuUsage()
    analyseSweep({ base, axes, claim: 'greedy-in-rho' }, runs.slice(0, count))
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  const [some, all] = [spent(25_000), spent(100_000)]
  assert.ok(all < 10 * some + 0.5, `${some} s for 25,000 runs, ${all} s for 100,000`) // 4 times as many
})
