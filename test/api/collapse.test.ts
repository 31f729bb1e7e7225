import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Static } from 'typebox'
import { watchJob } from '../../src/cli/watch-job.ts'
import { type JobEventView, JobView } from '../../src/experiment/job-view.ts'
import { ResultView } from '../../src/experiment/result-view.ts'
import { netSpec } from '../engines/nets.ts'
import { needsTensorFlow } from '../engines/recorded.ts'
import { Calls, checked } from './calls.ts'
import { type Service, startService } from './service.ts'

/** Decay takes a twentieth of the weights in each step and nothing brings them back. */
const shrinking = netSpec({
  objective: 'jepa',
  training: { mode: 'sgd', learningRate: 0.1, weightDecay: 0.5, batchSize: 16, steps: 600 },
})

describe('collapse', needsTensorFlow, () => {
  if (needsTensorFlow.skip) return
  let service: Service
  before(async () => {
    service = await startService({ workers: 1 })
  })
  after(() => service.close())

  it('a representation that shrinks to nothing raises an event, and the job and its result tell of it', async () => {
    const calls = new Calls(service.url)
    const posted = await calls.post('/v1/jobs', shrinking)
    assert.equal(posted.status, 202, await posted.clone().text())
    const { id } = checked<JobView>(JobView, await posted.json())
    const job = await watchJob(service.client, id, () => {})
    const { collapse } = await calls.read<ResultView>(`/v1/jobs/${id}/result`, ResultView)
    assert.match(collapse!.message, /^The variance of the representation fell from/)
    assert.ok(collapse!.step > 0 && collapse!.step < 600, `${collapse!.step}`)
    assert.deepEqual(job.progress.collapse, collapse)
    const events = (await (await calls.get(`/v1/jobs/${id}/events?format=json`)).json()) as {
      items: Static<typeof JobEventView>[]
    }
    assert.ok(events.items.some(({ data }) => data.progress.collapse?.step === collapse!.step))
  })
})
