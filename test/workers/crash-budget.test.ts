import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { childrenOf, end, experiment, midRun, openStand, type Stand } from '../dispatch/stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand()
})
after(() => stand.close())

it('three crashes restart a run, the fourth fails it, and the same post starts a new attempt', async () => {
  const supervisor = stand.supervisor()
  const asked = experiment(60, 1)
  const { view } = await stand.dispatch.post(asked)
  for (let crash = 1; crash <= 4; crash++) {
    await midRun(stand, view.id)
    const [trainer] = childrenOf(supervisor.pid ?? 0)
    process.kill(trainer ?? 0, 'SIGKILL')
    const hit = await stand.reach(view.id, 'recovering')
    assert.equal(hit.state, crash < 4 ? 'recovering' : 'failed', `after crash ${crash}`)
    assert.equal(stand.ledger.find(view.id)?.crashes, crash)
  }
  const { reason } = stand.dispatch.find(view.id)
  assert.equal(reason?.code, 'WORKER_CRASHED')
  assert.match(reason?.message ?? '', /ended 4 times \(SIGKILL\)/)

  const again = await stand.dispatch.post(asked)
  assert.deepEqual([again.created, again.view.attempt], [true, 2])
  await midRun(stand, view.id)
  assert.equal(stand.ledger.find(view.id)?.crashes, 0)
  await stand.dispatch.cancel(view.id)
  assert.equal((await stand.ended(view.id)).state, 'cancelled')
  assert.equal(await end(supervisor), 0)
})
