import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { childrenOf, end, experiment, midRun, openStand, type Stand } from '../dispatch/stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand()
})
after(() => stand.close())

const LIMIT_MS = 5000 // what users are promised

it('a queued job is cancelled at once and leaves the queue', async () => {
  const { view } = await stand.dispatch.post(experiment(1, 1))
  const cancelled = await stand.dispatch.cancel(view.id)
  assert.equal(cancelled.state, 'cancelled')
  assert.deepEqual(await stand.queue.places([view.cohort ?? '']), ['absent'])
  await assert.rejects(stand.dispatch.cancel(view.id), { code: 'STATE_CONFLICT' })
  assert.throws(() => stand.dispatch.result(view.id), { code: 'STATE_CONFLICT' })
})

it('a training job is cancelled within 5 s, and the same child trains the next job', async () => {
  const supervisor = stand.supervisor()
  const { view } = await stand.dispatch.post(experiment(100, 2))
  await midRun(stand, view.id)
  const [trainer] = childrenOf(supervisor.pid ?? 0)
  const began = performance.now()
  assert.equal((await stand.dispatch.cancel(view.id)).state, 'cancelling')
  assert.equal((await stand.ended(view.id)).state, 'cancelled')
  const took = performance.now() - began
  assert.ok(took < LIMIT_MS, `cancelled after ${took} ms`)
  const next = await stand.dispatch.post(experiment(0.05, 3))
  assert.equal((await stand.ended(next.view.id)).state, 'succeeded')
  assert.deepEqual(childrenOf(supervisor.pid ?? 0), [trainer])
  assert.equal(await end(supervisor), 0)
})

it('a job whose child hears nothing is cancelled within 5 s all the same', async () => {
  const supervisor = stand.supervisor()
  const { view } = await stand.dispatch.post(experiment(100, 4))
  await midRun(stand, view.id)
  const [trainer] = childrenOf(supervisor.pid ?? 0)
  process.kill(trainer ?? 0, 'SIGSTOP')
  const began = performance.now()
  await stand.dispatch.cancel(view.id)
  const ended = await stand.ended(view.id)
  const took = performance.now() - began
  assert.equal(ended.state, 'cancelled')
  assert.ok(took < LIMIT_MS + 500, `cancelled after ${took} ms`) // 0.5 s: this machine is shared
  assert.equal(await end(supervisor), 0)
})

it('a cancelled job that is posted again runs as its second attempt', async () => {
  const asked = experiment(0.05, 5)
  const { view } = await stand.dispatch.post(asked)
  assert.equal((await stand.dispatch.cancel(view.id)).state, 'cancelled')
  const again = await stand.dispatch.post(asked)
  assert.deepEqual([again.created, again.view.id, again.view.attempt], [true, view.id, 2])
  const supervisor = stand.supervisor()
  assert.equal((await stand.ended(view.id)).state, 'succeeded')
  assert.equal(await end(supervisor), 0)
})
