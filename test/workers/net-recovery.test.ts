import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { childrenOf, end, openStand, type Stand } from '../dispatch/stand.ts'
import { netSpec, printOf, trainNet } from '../engines/nets.ts'
import { needsTensorFlow } from '../engines/recorded.ts'

process.env.JEPALAB_CHECKPOINT_SECONDS = '1'

/** Some seconds of training: long enough to be kept more than once. */
const training = { mode: 'sgd', learningRate: 0.01, batchSize: 16, steps: 90_000, momentum: 0.5 } as const
const measure = { points: 8, schedule: 'linear' } as const
const spec = netSpec({ training, measure, device: 'cpu' })
/** A job of its own with the same numbers. */
const replicate = (number: number): ExperimentSpec => ({ ...spec, replicate: number })

describe('nets whose worker is struck', needsTensorFlow, () => {
  let stand: Stand
  let fingerprint: string // of the run when nothing disturbs it
  before(async () => {
    if (needsTensorFlow.skip) return
    stand = await openStand()
    fingerprint = printOf(await trainNet(await openTensorFlowEngine('cpu'), spec))
  })
  after(() => stand?.close())

  const pathOf = (id: string) => join(stand.artifacts, id, 'checkpoint-1.safetensors')
  const nothingIsLeft = () => {
    const names = readdirSync(stand.artifacts, { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      names.filter((name) => name.includes('checkpoint-')),
      [],
    )
  }
  /** The step of a run's checkpoint, once there is one. */
  const kept = async (id: string): Promise<number> => {
    while (!existsSync(pathOf(id))) await wait(20)
    const [, step] = /\\"step\\":(\d+)/.exec(readFileSync(pathOf(id), 'latin1')) ?? []
    return Number(step)
  }
  /** The first step that is told once the run trains again. */
  const goesOnAt = async (id: string): Promise<number> => {
    await stand.reach(id, 'recovering', 'queued')
    const steps: number[] = []
    const stop = stand.dispatch.subscribe(id, ({ data }) => {
      if (data.state === 'running' && data.progress) steps.push(data.progress.step)
    })
    while (steps.length === 0) await wait(20)
    stop()
    return steps[0]!
  }
  const killTrainer = (supervisor: { pid?: number | undefined }) => {
    const [trainer] = childrenOf(supervisor.pid ?? 0)
    process.kill(trainer ?? 0, 'SIGKILL')
  }
  const endsUndisturbed = async (id: string, crashes: number) => {
    const ended = await stand.ended(id)
    assert.deepEqual([ended.state, ended.attempt, stand.ledger.find(id)?.crashes], ['succeeded', 1, crashes])
    assert.equal(stand.dispatch.result(id).fingerprint, fingerprint)
    nothingIsLeft()
  }

  it('a trainer that is killed: the run goes on from its checkpoint to the undisturbed fingerprint', async () => {
    const supervisor = stand.supervisor()
    const { view } = await stand.dispatch.post(replicate(1))
    const step = await kept(view.id)
    killTrainer(supervisor)
    const first = await goesOnAt(view.id)
    assert.ok(step > 0 && first >= step, `kept at ${step}, went on at ${first}`)
    await endsUndisturbed(view.id, 1)
    assert.equal(await end(supervisor), 0)
  })

  it('a worker that is told to leave keeps its run first, and another goes on there', async () => {
    const first = stand.supervisor()
    const { view } = await stand.dispatch.post(replicate(2))
    await stand.reach(view.id, 'running')
    const began = performance.now()
    assert.equal(await end(first), 0)
    assert.ok(performance.now() - began < 5000, 'it took its time to leave')
    const step = await kept(view.id)
    const second = stand.supervisor()
    assert.ok((await goesOnAt(view.id)) >= step)
    await endsUndisturbed(view.id, 0)
    assert.equal(await end(second), 0)
  })

  it('a damaged checkpoint is of no use: the run starts anew, and ends the same', async () => {
    const first = stand.supervisor()
    const { view } = await stand.dispatch.post(replicate(3))
    await kept(view.id)
    assert.equal(await end(first), 0)
    const bytes = readFileSync(pathOf(view.id))
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(pathOf(view.id), bytes)
    const second = stand.supervisor()
    assert.equal(await goesOnAt(view.id), 0)
    await endsUndisturbed(view.id, 0)
    assert.equal(await end(second), 0)
  })

  it('three runs that train together and lose their trainer end as they would alone', async () => {
    const supervisor = stand.supervisor()
    const base = { ...spec, training: { ...training, steps: 45_000 } }
    const { view } = await stand.dispatch.postSweep({ base, axes: { seed: { seeds: 3 } } })
    let ids: string[] = []
    while (ids.length < 3) {
      await wait(20)
      ids = stand.dispatch.sweepRuns(view.id, { limit: 3 }).map(({ run }) => run.id)
    }
    const steps = await Promise.all(ids.map(kept))
    killTrainer(supervisor)
    const first = await Promise.all(ids.map(goesOnAt))
    for (const [r, step] of steps.entries())
      assert.ok(first[r]! >= step, `kept at ${step}, went on at ${first[r]}`)
    for (const id of ids) assert.equal((await stand.ended(id)).state, 'succeeded')
    const prints = ids.map((id) => stand.dispatch.result(id).fingerprint)
    const engine = await openTensorFlowEngine('cpu')
    const alone: string[] = []
    for (const seed of [0, 1, 2]) alone.push(printOf(await trainNet(engine, { ...base, seed })))
    assert.deepEqual(prints.toSorted(), alone.toSorted())
    nothingIsLeft()
    assert.equal(await end(supervisor), 0)
  })

  it('a cancel leaves no checkpoint, be the run in training or waiting for a worker', async () => {
    const first = stand.supervisor()
    const { view } = await stand.dispatch.post(replicate(5))
    await kept(view.id)
    await stand.dispatch.cancel(view.id)
    assert.equal((await stand.ended(view.id)).state, 'cancelled')
    nothingIsLeft()
    const { view: other } = await stand.dispatch.post(replicate(6))
    await kept(other.id)
    assert.equal(await end(first), 0)
    await stand.reach(other.id, 'queued')
    await stand.dispatch.cancel(other.id)
    assert.equal((await stand.ended(other.id)).state, 'cancelled')
    nothingIsLeft()
  })

  it('a run that is out of restarts fails and leaves no checkpoint', async () => {
    const supervisor = stand.supervisor()
    const { view } = await stand.dispatch.post({
      ...replicate(7),
      training: { ...training, steps: 10_000_000 },
    })
    for (let crash = 0; crash < 4; crash++) {
      await kept(view.id)
      await stand.reach(view.id, 'running')
      killTrainer(supervisor)
      await stand.reach(view.id, 'recovering')
    }
    const { state, reason } = await stand.ended(view.id)
    assert.deepEqual([state, reason?.code], ['failed', 'WORKER_CRASHED'])
    nothingIsLeft()
    assert.equal(await end(supervisor), 0)
  })
})
