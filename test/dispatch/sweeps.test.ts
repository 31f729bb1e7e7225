import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { specAt } from '../../src/experiment/axes.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import type { SweepRun } from '../../src/experiment/sweep-view.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { train } from '../engines/runs.ts'
import { base, endOfSweep } from './example-sweep.ts'
import { openStand, type Stand } from './stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand({ reconcileMs: 500 })
})
after(() => stand.close())

const ended = (id: string) => endOfSweep(stand, id)

const rows = (id: string) => stand.dispatch.sweepRuns(id, { limit: 1e6 }).map(({ run }) => run)
const idsOf = (runs: readonly SweepRun[]) => runs.map(({ id }) => id)

/** The fingerprint of a run trained alone, in this process. */
async function alone({ point }: SweepRun): Promise<string> {
  const { measurements, weights } = await train(openLanesEngine(), specAt(base, point) as ExperimentSpec)
  return fingerprintOf(measurements, weights)
}

it('the runs of a sweep are gathered, trained together, and each has the numbers that it has alone', async () => {
  const spec: SweepSpec = {
    base,
    axes: { objective: ['jepa', 'mae'], 'init.scale': { log: [0.01, 0.1], count: 5 }, seed: { seeds: 10 } },
  }
  const { view, created } = await stand.dispatch.postSweep(spec)
  assert.equal(created, true)
  stand.supervisor()
  const over = await ended(view.id)
  assert.deepEqual([over.state, over.counts, over.total], ['succeeded', { succeeded: 100 }, 100])
  const runs = rows(view.id)
  const cohorts = new Set(runs.map(({ id }) => stand.dispatch.find(id).cohort))
  assert.ok(cohorts.size <= 5, `${cohorts.size} cohorts for 100 runs`)
  for (const k of [0, 37, 99]) assert.equal(runs[k]!.fingerprint, await alone(runs[k]!))
  assert.deepEqual(stand.dispatch.find(runs[3]!.id).sweeps, [view.id])
  const { groups, twins } = JSON.parse(stand.dispatch.sweepAnalysis(view.id)!)
  assert.deepEqual([groups.length, groups[0].runs.length, twins.length], [10, 10, 5])
  const again = await stand.dispatch.postSweep(spec)
  assert.deepEqual([again.created, again.view.id], [false, view.id])
})

it('an extended sweep trains only what is new, and sweeps that overlap share runs', async () => {
  const { view } = await stand.dispatch.postSweep({ base, axes: { seed: { seeds: 12 } } })
  await ended(view.id)
  const before = idsOf(rows(view.id))
  const attempts = () => stand.dispatch.counts().succeeded ?? 0
  const known = attempts()
  await stand.dispatch.extendSweep(view.id, { axes: { seed: { seeds: 15 } } })
  const over = await ended(view.id)
  assert.deepEqual([over.total, attempts() - known], [15, 3])
  assert.deepEqual(idsOf(rows(view.id)).slice(0, 12), before)
  const other = await stand.dispatch.postSweep({ base, axes: { seed: [2, 14, 99] } })
  await ended(other.view.id)
  assert.equal(attempts() - known, 4)
  assert.deepEqual(idsOf(rows(other.view.id)).slice(0, 2), [before[2], idsOf(rows(view.id))[14]])
})

it('cancelling a sweep ends its own runs and leaves those that others ask for', async () => {
  const slow = { ...base, training: { ...base.training, steps: 1e8 } } as ExperimentSpec
  const first = await stand.dispatch.postSweep({ base: slow, axes: { seed: { seeds: 6 } } })
  const second = await stand.dispatch.postSweep({ base: slow, axes: { seed: [4] } })
  const { view } = await stand.dispatch.post({ ...slow, seed: 5 })
  await stand.reach(view.id, 'running')
  stand.dispatch.cancelSweep(first.view.id)
  const over = await ended(first.view.id)
  assert.deepEqual([over.state, over.counts.cancelled], ['cancelled', 4])
  assert.equal(stand.dispatch.find(view.id).state, 'running')
  stand.dispatch.cancelSweep(second.view.id)
  assert.deepEqual((await ended(second.view.id)).counts, { cancelled: 1 })
  await stand.dispatch.cancel(view.id)
  assert.equal((await stand.ended(view.id)).state, 'cancelled')
})

it('a boundary search asks for runs round by round until the place is known', async () => {
  const spec: SweepSpec = {
    base: {
      ...base,
      data: { kind: 'gaussian', lambda: [1, 1], rho: [0.4, 0.9] },
      training: { mode: 'flow', time: 5000 },
    },
    axes: { 'init.scale': [0.01, 0.03], 'data.lambda.0': { log: [1, 2] } },
    search: 'boundary',
    question: 'first-feature-is:0',
    tolerance: 0.02,
  }
  const { view } = await stand.dispatch.postSweep(spec)
  const over = await ended(view.id)
  assert.equal(over.state, 'succeeded', over.reason?.message)
  const { boundary } = JSON.parse(stand.dispatch.sweepAnalysis(view.id)!)
  for (const { y, predicted } of boundary.lines)
    assert.ok(Math.abs(y / predicted - 1) < 0.02, `${y} for ${predicted}`)
  assert.ok(boundary.runs * 2 < boundary.gridRuns, `${boundary.runs} runs, ${boundary.gridRuns} in a grid`)
})

it('a dispatch that stops in the middle of a sweep is followed by one that finishes it', async () => {
  const { view } = await stand.dispatch.postSweep({ base, axes: { seed: { seeds: 700 } } })
  await stand.reopen()
  const over = await ended(view.id)
  assert.deepEqual([over.state, over.counts], ['succeeded', { succeeded: 700 }])
})
