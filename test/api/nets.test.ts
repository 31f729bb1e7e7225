import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchJob } from '../../src/cli/watch-job.ts'
import { Estimate, JobView } from '../../src/experiment/job-view.ts'
import { ResultView, TrajectoryView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { SweepResult, SweepView } from '../../src/experiment/sweep-view.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { netSpec, printOf, scenes, trainNet } from '../engines/nets.ts'
import { needsTensorFlow } from '../engines/recorded.ts'
import { Calls, checked } from './calls.ts'
import { type Service, startService } from './service.ts'

const convolutional: ExperimentSpec = netSpec({
  objective: 'mae',
  data: scenes,
  model: { kind: 'convolutional', channels: [4, 6], activation: 'relu', outputs: 8 },
})

describe('nets over HTTP', needsTensorFlow, () => {
  if (needsTensorFlow.skip) return
  let service: Service
  let calls: Calls
  before(async () => {
    service = await startService({ workers: 1 })
    calls = new Calls(service.url)
  })
  after(() => service.close())

  async function run(spec: ExperimentSpec): Promise<JobView> {
    const posted = await calls.post('/v1/jobs', spec)
    assert.equal(posted.status, 202, await posted.clone().text())
    const { id } = checked<JobView>(JobView, await posted.json())
    const job = await watchJob(service.client, id, () => {})
    assert.equal(job.state, 'succeeded', JSON.stringify(job.reason))
    return job
  }

  for (const [title, spec] of [
    ['an MLP', netSpec()],
    ['a convolutional net', convolutional],
  ] as const) {
    it(`${title} goes from POST to a stored result with the numbers that it has without a queue`, async () => {
      const { id, engine } = await run(spec)
      const result = await calls.read<ResultView>(`/v1/jobs/${id}/result`, ResultView)
      assert.equal(engine, 'tensorflow')
      assert.equal(result.steps, 60)
      assert.deepEqual(result.applies, { commuting: false, balanced: false, stable: false })
      assert.equal(result.features.length, spec.data.kind === 'nonlinear' ? spec.data.lambda.length : 0)
      assert.ok(result.features.every(({ amplitude }) => amplitude.final !== null))
      assert.equal(result.fingerprint, printOf(await trainNet(await openTensorFlowEngine('cpu'), spec)))
      const { loss } = await calls.read<TrajectoryView>(`/v1/jobs/${id}/trajectory`, TrajectoryView)
      assert.equal(loss.length, 6)
      const file = await calls.get(`/v1/jobs/${id}/artifacts/weights.safetensors`)
      assert.match(Buffer.from(await file.arrayBuffer()).toString('latin1', 8, 4000), /encoder\.0\.kernel/)
    })
  }

  it('an estimate tells steps, seconds and memory', async () => {
    const posted = await calls.post('/v1/estimates', convolutional)
    const estimate = checked<Estimate>(Estimate, await posted.json())
    assert.equal(estimate.steps, 60)
    assert.ok(estimate.seconds > 1 && estimate.seconds < 60, `${estimate.seconds} s`)
    assert.ok(estimate.memoryBytes > 5e8 && estimate.memoryBytes < 2e9, `${estimate.memoryBytes} bytes`)
    assert.deepEqual(estimate.warnings, [])
  })

  it('twins over seeds are a sweep, in cohorts of one shape', async () => {
    const axes = { objective: ['jepa', 'mae'], seed: { seeds: 2 } }
    const posted = await calls.post('/v1/sweeps', { base: netSpec(), axes })
    assert.equal(posted.status, 202, await posted.clone().text())
    const { id } = (await posted.json()) as { id: string }
    const view = () => calls.read<SweepView>(`/v1/sweeps/${id}`, SweepView)
    while ((await view()).finishedAt === null) await sleep(200)
    assert.equal((await view()).state, 'succeeded')
    const { runs } = await calls.read<SweepResult>(`/v1/sweeps/${id}/result`, SweepResult)
    assert.equal(runs.length, 4)
    assert.equal(runs[0]?.fingerprint, printOf(await trainNet(await openTensorFlowEngine('cpu'), netSpec())))
  })
})
