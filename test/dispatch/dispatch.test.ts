import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { openDispatch } from '../../src/dispatch/open-dispatch.ts'
import { runId } from '../../src/experiment/identity.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import { openLedger } from '../../src/ledger/ledger.ts'
import { trajectoryOf } from '../../src/report/stored-runs.ts'
import { dispatchOn, experiment, openStand, type Stand, undisturbed } from './stand.ts'

let stand: Stand
before(async () => {
  stand = await openStand({ maxSteps: 1e7, maxMemory: 400e6 })
})
after(() => stand.close())

const fail = (code: string, pointer?: string) => (error: unknown) => {
  const { code: got, facts } = error as { code: string; facts: { faults?: { pointer: string }[] } }
  assert.equal(got, code, String(error))
  if (pointer !== undefined)
    assert.ok(
      facts.faults?.some((fault) => fault.pointer === pointer),
      String(error),
    )
  return true
}

it('a posted run waits in the queue, is posted once, and is trained when a worker comes', async () => {
  const asked = experiment(0.2)
  const first = await stand.dispatch.post({ ...asked, name: 'mine', tags: ['a'] })
  assert.deepEqual([first.created, first.view.state, first.view.attempt], [true, 'queued', 1])
  const second = await stand.dispatch.post({ ...asked, tags: ['b'] })
  assert.deepEqual([second.created, second.view.id], [false, first.view.id])
  assert.deepEqual([second.view.spec.name, second.view.spec.tags], ['mine', ['a', 'b']])
  assert.deepEqual(await stand.queue.places([first.view.cohort ?? '']), ['waiting'])
  assert.throws(() => stand.dispatch.result(first.view.id), fail('STATE_CONFLICT'))

  stand.supervisor()
  const view = await stand.ended(first.view.id)
  assert.equal(view.state, 'succeeded')
  assert.deepEqual([view.progress.fraction, view.engine, view.device], [1, 'reference', 'cpu'])
  const result = stand.dispatch.result(view.id)
  assert.equal(result.fingerprint, await undisturbed(asked))
  assert.equal(result.steps, 160_000)
  const trajectory = await trajectoryOf(stand.artifacts, stand.dispatch.finished(view.id))
  assert.ok(trajectory.time.length > 100)
  const states = stand.dispatch.events(view.id).map((event) => event.data.state)
  assert.deepEqual([...new Set(states)], ['queued', 'starting', 'running', 'succeeded'])

  const again = await stand.dispatch.post(asked)
  assert.deepEqual([again.created, again.view.state], [false, 'succeeded'])
})

it('two posts of one experiment at the same moment make one run', async () => {
  const asked = experiment(0.01, 77)
  const posts = await Promise.all(Array.from({ length: 10 }, () => stand.dispatch.post(asked)))
  assert.equal(posts.filter((post) => post.created).length, 1)
  assert.equal(new Set(posts.map((post) => post.view.id)).size, 1)
  await stand.ended(posts[0]!.view.id)
})

it('device cuda is refused with the remedy where the workers have no card', async () => {
  const asked = { ...experiment(0.1), engine: 'auto', device: 'cuda' }
  await assert.rejects(stand.dispatch.post(asked), fail('CUDA_UNAVAILABLE'))
  await assert.rejects(stand.dispatch.post(asked), /0 GPUs.*JEPALAB_TENSORFLOW=cuda/)
})

it('a run whose files cannot be written fails with the folder and the reason, and runs once they can', async () => {
  const asked = experiment(0.01, 91)
  const id = runId(resolveSpec(asked, 4), null)
  const inTheWay = join(stand.artifacts, id) // a file where the run's folder goes
  writeFileSync(inTheWay, '')
  await stand.dispatch.post(asked)
  const { state, reason } = await stand.ended(id)
  assert.deepEqual([state, reason?.code], ['failed', 'ARTIFACTS_UNWRITABLE'])
  rmSync(inTheWay)
  await stand.dispatch.post(asked)
  assert.equal((await stand.ended(id)).state, 'succeeded')
})

it('a diverged run is a result with its reason', async () => {
  const asked = { ...experiment(0.1), training: { mode: 'gradient-descent', learningRate: 50, steps: 1000 } }
  const { view } = await stand.dispatch.post(asked)
  assert.ok(view.warnings.some((warning) => warning.code === 'LEARNING_RATE_UNSTABLE'))
  const ended = await stand.ended(view.id)
  assert.deepEqual([ended.state, ended.reason?.code], ['diverged', 'DIVERGED'])
  assert.ok(stand.dispatch.result(view.id).steps < 1000)
})

it('what cannot be run is refused with a pointer, and nothing is kept of it', async () => {
  const asked = experiment(0.1)
  const before = stand.dispatch.counts()
  const post = (change: object) => stand.dispatch.post({ ...asked, ...change })
  await assert.rejects(post({ objective: 'vae' }), fail('SCHEMA_MISMATCH', '/objective'))
  await assert.rejects(post({ colour: 1 }), fail('SCHEMA_MISMATCH'))
  const forbidden = { kind: 'gaussian', lambda: [1, 2], rho: [0.5, 0.5], sigmaY2: [1, 1e-3] }
  await assert.rejects(post({ data: forbidden }), fail('SPEC_INVALID'))
  const long = { mode: 'gradient-descent', learningRate: 0.1, steps: 2e7 }
  await assert.rejects(post({ training: long }), fail('SPEC_INVALID', '/training/steps'))
  await assert.rejects(
    post({ training: { mode: 'flow', time: 1e9 } }),
    fail('SPEC_INVALID', '/training/time'),
  )
  const batches = { mode: 'sgd', learningRate: 0.1, steps: 5, draws: 'moments' }
  await assert.rejects(
    post({ training: { ...batches, batchSize: 3 } }),
    fail('SPEC_INVALID', '/training/draws'),
  )
  const masked = { kind: 'feature-mask', alpha: [1, 1], keep: [0.5, 0.5] }
  await assert.rejects(
    post({ data: masked, training: { ...batches, batchSize: 64 } }),
    fail('SPEC_INVALID', '/training/draws'),
  )
  const wide = { kind: 'deep-linear', depth: 8, width: 1024 }
  await assert.rejects(post({ model: wide }), fail('SPEC_INVALID', '/model/width'))
  let deep: unknown = 1
  for (let i = 0; i < 5000; i++) deep = [deep]
  await assert.rejects(post({ data: deep }), fail('BODY_TOO_DEEP'))
  assert.deepEqual(stand.dispatch.counts(), before)
})

it('a job that nobody posted is unknown to every question', async () => {
  assert.throws(() => stand.dispatch.find('rnone'), fail('JOB_UNKNOWN'))
  assert.throws(() => stand.dispatch.result('rnone'), fail('JOB_UNKNOWN'))
  assert.throws(() => stand.dispatch.events('rnone'), fail('JOB_UNKNOWN'))
  await assert.rejects(stand.dispatch.cancel('rnone'), fail('JOB_UNKNOWN'))
})

it('an end that no dispatch heard of is committed by the next one', async () => {
  await stand.dispatch.close()
  const silent = { ...stand.queue, listen: () => async () => {} }
  const deaf = dispatchOn({ ...stand, queue: silent }, { reconcileMs: 1e9 })
  const { view } = await deaf.post(experiment(0.05, 5))
  await deaf.close()
  while ((await stand.queue.look(view.cohort ?? '')).place !== 'ended')
    await new Promise((r) => setTimeout(r, 50))
  assert.notEqual(stand.ledger.find(view.id)?.state, 'succeeded')
  const next = dispatchOn({ ...stand, queue: silent })
  await next.reconcile()
  assert.equal(next.find(view.id).state, 'succeeded')
  assert.equal(next.result(view.id).fingerprint, await undisturbed(experiment(0.05, 5)))
  await next.close()
})

it('a ledger that does not answer is told apart from a Redis that does', async () => {
  const log = { debug() {}, info() {}, warn() {}, error: () => errors++ }
  let errors = 0
  const closed = openLedger(join(stand.artifacts, '..', 'closed.sqlite'))
  const queue = { ...stand.queue, listen: () => async () => {} }
  const unused = () => Promise.reject(new Error('not asked for'))
  const dispatch = openDispatch({
    ...{ ledger: closed, queue, artifactsRoot: stand.artifacts, log, clock: () => 0 },
    ...{ limits: { maxSteps: 1, maxMemory: 1, gpus: 0, maxRuns: 1 }, report: unused, spectrumOf: unused },
    sweepWork: { check: unused, admit: unused, next: unused, analyse: unused },
  })
  assert.deepEqual(Object.entries(await dispatch.readiness()).slice(0, 2), [
    ['ledger', true],
    ['redis', true],
  ])
  closed.close()
  const { ledger, redis } = await dispatch.readiness()
  assert.deepEqual([ledger, redis, errors], [false, true, 1])
  await dispatch.close()
})
