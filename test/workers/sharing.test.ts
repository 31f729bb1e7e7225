import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { end, experiment, openStand, type Stand } from '../dispatch/stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand()
})
after(() => stand.close())

it('two supervisors with homes of their own share 20 jobs, and each job ends once', async () => {
  const jobs = await Promise.all(
    Array.from({ length: 20 }, (_, seed) => stand.dispatch.post(experiment(0.3, seed))),
  )
  const supervisors = [stand.supervisor(), stand.supervisor()]
  for (const { view } of jobs) assert.equal((await stand.ended(view.id)).state, 'succeeded')
  for (const { view } of jobs) {
    const states = stand.dispatch.events(view.id).map((event) => event.data.state)
    assert.equal(states.filter((state) => state === 'succeeded').length, 1)
    assert.equal(states.filter((state) => state === 'starting').length, 1)
    assert.deepEqual(readdirSync(join(stand.artifacts, view.id)), ['1'])
  }
  assert.equal((await stand.dispatch.readiness()).workers, 2)
  for (const supervisor of supervisors) assert.equal(await end(supervisor), 0)
})
