import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { ENDED, type JobState } from '../../src/experiment/states.ts'
import { base, endOfSweep } from './example-sweep.ts'
import { openStand, type Stand } from './stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand({ reconcileMs: 500 })
})
after(() => stand.close())

const ended = (id: string) => endOfSweep(stand, id)

/** States of runs that are still to end. */
const open = () =>
  Object.entries(stand.dispatch.counts()).filter(([state, n]) => !ENDED.has(state as JobState) && n > 0)

it('a sweep that is cancelled just after it was extended leaves no run behind', async () => {
  const later = { ...base, seed: 5000 }
  const { view } = await stand.dispatch.postSweep({ base: later, axes: { seed: { seeds: 300 } } })
  while (stand.dispatch.findSweep(view.id).total < 300) await wait(5)
  await stand.dispatch.extendSweep(view.id, { axes: { seed: { seeds: 301 } } })
  stand.dispatch.cancelSweep(view.id)
  assert.equal((await ended(view.id)).state, 'cancelled')
  await wait(1500)
  assert.deepEqual(open(), [])
})

it('a sweep keeps runs that another one asks for while it is admitted anew', async () => {
  const later = { ...base, seed: 7000 }
  const first = await stand.dispatch.postSweep({ base: later, axes: { seed: { seeds: 300 } } })
  const second = await stand.dispatch.postSweep({ base: later, axes: { seed: { seeds: 290 } } })
  while (stand.dispatch.findSweep(second.view.id).total < 290) await wait(5)
  await stand.dispatch.extendSweep(first.view.id, { axes: { seed: { seeds: 301 } } })
  stand.dispatch.cancelSweep(second.view.id)
  stand.supervisor()
  const over = await ended(first.view.id)
  assert.deepEqual([over.state, over.counts], ['succeeded', { succeeded: 301 }])
})

it('runs that are being cancelled are trained again for a sweep that asks for them meanwhile', async () => {
  const slow = { ...base, training: { ...base.training, steps: 1e8 }, seed: 9000 } as ExperimentSpec
  const { view } = await stand.dispatch.postSweep({ base: slow, axes: { seed: { seeds: 6 } } })
  while (stand.dispatch.findSweep(view.id).total < 6) await wait(5)
  await stand.reach(stand.dispatch.sweepRuns(view.id, { limit: 1 })[0]!.run.id, 'running')
  stand.dispatch.cancelSweep(view.id)
  const other = await stand.dispatch.postSweep({ base: slow, axes: { seed: [9000, 9001] } })
  assert.equal((await ended(view.id)).state, 'cancelled')
  await wait(1500)
  const { counts } = stand.dispatch.findSweep(other.view.id)
  assert.equal(counts.cancelled ?? 0, 0, JSON.stringify(counts))
  stand.dispatch.cancelSweep(other.view.id)
  await ended(other.view.id)
})

it('a sweep that is posted twice at once, or while it is extended, is one and keeps its new values', async () => {
  const spec = { base: { ...base, seed: 11000 }, axes: { seed: { seeds: 4 } }, tags: ['a'] }
  const both = await Promise.all([stand.dispatch.postSweep(spec), stand.dispatch.postSweep(spec)])
  assert.deepEqual(
    both.map(({ created }) => created),
    [true, false],
  )
  const { id } = both[0].view
  stand.dispatch.cancelSweep(id)
  assert.equal((await ended(id)).state, 'cancelled')
  const extended = stand.dispatch.extendSweep(id, { axes: { seed: { seeds: 6 } } })
  await Promise.all([extended, stand.dispatch.postSweep({ ...spec, name: 'again', tags: ['b'] })])
  const view = stand.dispatch.findSweep(id)
  assert.deepEqual(view.spec.axes, { seed: { seeds: 6 } })
  assert.deepEqual([view.spec.name, view.spec.tags], ['again', ['a', 'b']])
  assert.equal((await ended(id)).total, 6)
})
