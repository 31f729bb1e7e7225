import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { childrenOf, end, experiment, midRun, openStand } from '../dispatch/stand.ts'

const OUTAGE_MS = 11_000 // longer than the lease of 8 s

it('in an outage longer than the lease the worker stops training, and starts the run again when Redis is back, and counts no crash', async () => {
  const stand = await openStand()
  try {
    const supervisor = stand.supervisor()
    const { view } = await stand.dispatch.post(experiment(100))
    await midRun(stand, view.id)
    const [before] = childrenOf(supervisor.pid ?? 0)
    const pid = stand.redis.pid()
    assert.ok(pid !== null)
    process.kill(pid, 'SIGSTOP') // it answers nothing, and its connections stay open
    await wait(OUTAGE_MS)
    assert.throws(() => process.kill(before ?? 0, 0), /ESRCH/, 'the trainer outlived the lease')
    process.kill(pid, 'SIGCONT')
    await stand.reach(view.id, 'recovering')
    await midRun(stand, view.id)
    const { state, attempt } = stand.dispatch.find(view.id)
    assert.deepEqual([state, attempt, stand.ledger.find(view.id)?.crashes], ['running', 1, 0])
    await stand.dispatch.cancel(view.id)
    assert.equal((await stand.ended(view.id)).state, 'cancelled')
    assert.equal(await end(supervisor), 0)
  } finally {
    await stand.close()
  }
})
