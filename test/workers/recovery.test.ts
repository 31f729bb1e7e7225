import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, it } from 'node:test'
import { Redis } from 'ioredis'
import {
  childrenOf,
  connected,
  end,
  experiment,
  midRun,
  openStand,
  type Stand,
  undisturbed,
} from '../dispatch/stand.ts'

let stand: Stand
let fingerprint: string // of the run when nothing disturbs it
before(async () => {
  stand = await openStand()
  fingerprint = await undisturbed(experiment(SECONDS))
})
after(() => stand.close())

/** Long enough to be met in the middle. Replicates are jobs of their own with the same numbers. */
const SECONDS = 1.5
const replicate = (number: number) => ({ ...experiment(SECONDS), replicate: number })

/** Seconds from a blow until the run trains again; the lease of 8 s and the look for lost ones every second are its bound, the rest is a loaded machine. */
const RECOVERY_MS = 14_000

it('a run whose trainer is killed recovers in its worker and ends with the undisturbed fingerprint', async () => {
  const asked = replicate(1)
  const supervisor = stand.supervisor()
  const { view } = await stand.dispatch.post(asked)
  await midRun(stand, view.id)
  const [trainer] = childrenOf(supervisor.pid ?? 0)
  assert.ok(trainer !== undefined, 'the supervisor has no child')
  const began = performance.now()
  process.kill(trainer, 'SIGKILL')
  assert.equal((await stand.reach(view.id, 'recovering')).state, 'recovering')
  await stand.reach(view.id, 'running')
  const took = performance.now() - began
  assert.ok(took < 8000, `recovered after ${took} ms`) // a new process, on a machine that others load
  const ended = await stand.ended(view.id)
  assert.deepEqual([ended.state, ended.attempt, stand.ledger.find(view.id)?.crashes], ['succeeded', 1, 1])
  assert.equal(stand.dispatch.result(view.id).fingerprint, fingerprint)
  assert.equal(await end(supervisor), 0)
})

it('a run whose supervisor is killed is taken by another one, and the trainer goes with its parent', async () => {
  const asked = replicate(2)
  const first = stand.supervisor()
  const { view } = await stand.dispatch.post(asked)
  await midRun(stand, view.id)
  const [trainer] = childrenOf(first.pid ?? 0)
  const second = stand.supervisor()
  const began = performance.now()
  const gone = once(first, 'exit')
  first.kill('SIGKILL')
  await gone
  assert.equal((await stand.reach(view.id, 'recovering')).state, 'recovering')
  assert.throws(() => process.kill(trainer ?? 0, 0), /ESRCH/)
  await stand.reach(view.id, 'running')
  const took = performance.now() - began
  assert.ok(took < RECOVERY_MS, `recovered after ${took} ms`)
  const ended = await stand.ended(view.id)
  assert.deepEqual([ended.state, stand.ledger.find(view.id)?.crashes], ['succeeded', 1])
  assert.equal(stand.dispatch.result(view.id).fingerprint, fingerprint)
  assert.equal(await end(second), 0)
})

it('a run survives Redis being killed: it ends once, with the undisturbed fingerprint', async () => {
  const asked = replicate(3)
  const supervisor = stand.supervisor()
  const { view } = await stand.dispatch.post(asked)
  await midRun(stand, view.id)
  const pid = stand.redis.pid()
  assert.ok(pid !== null)
  process.kill(pid, 'SIGKILL')
  const ended = await stand.ended(view.id)
  assert.equal(ended.state, 'succeeded')
  assert.equal(stand.dispatch.result(view.id).fingerprint, fingerprint)
  assert.equal(await end(supervisor), 0)
})

it('what Redis forgets is queued again from the ledger', async () => {
  const jobs = await Promise.all([11, 12, 13].map((seed) => stand.dispatch.post(experiment(0.05, seed))))
  await connected(stand.queue)
  const { address } = stand.redis
  const redis = 'path' in address ? new Redis({ path: address.path }) : new Redis(address.url)
  await redis.flushall()
  redis.disconnect()
  const supervisor = stand.supervisor()
  for (const { view } of jobs) assert.equal((await stand.ended(view.id)).state, 'succeeded')
  assert.equal(await end(supervisor), 0)
})

it('a supervisor that is told to leave hands its run back, and that is no crash', async () => {
  const asked = replicate(4)
  const first = stand.supervisor()
  const { view } = await stand.dispatch.post(asked)
  await midRun(stand, view.id)
  const began = performance.now()
  assert.equal(await end(first), 0)
  const took = performance.now() - began
  assert.ok(took < 3000, `left after ${took} ms`)
  assert.equal((await stand.reach(view.id, 'queued')).state, 'queued')
  const second = stand.supervisor()
  const ended = await stand.ended(view.id)
  assert.deepEqual([ended.state, stand.ledger.find(view.id)?.crashes], ['succeeded', 0])
  assert.equal(stand.dispatch.result(view.id).fingerprint, fingerprint)
  assert.equal(await end(second), 0)
})
