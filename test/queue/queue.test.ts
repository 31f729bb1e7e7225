import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { CohortDigest, CohortJob, CohortProgress } from '../../src/queue/cohort-job.ts'
import { openControl } from '../../src/queue/control.ts'
import { type OpenRedis, openRedis } from '../../src/queue/embedded-redis.ts'
import { type CohortQueue, openQueue, type QueueListener } from '../../src/queue/queue.ts'
import { connectPatiently, patientOptions } from '../../src/queue/redis.ts'

const quiet = { info() {}, warn() {} }
const name = { prefix: 'bull', name: 'queue-test' }
let folder: string
let redis: OpenRedis
let queue: CohortQueue
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jepalab-queue-'))
  redis = await openRedis({ url: null, folder, log: quiet })
  queue = openQueue({ redis: redis.address, queue: name, onError: () => {} })
  while ((await queue.places([]).catch(() => null)) === null)
    await new Promise((resolve) => setTimeout(resolve, 20))
})
after(async () => {
  await queue.close()
  await queue.close()
  await redis.close()
  await rm(folder, { recursive: true })
})

const spec = resolveSpec(
  {
    objective: 'mae',
    data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
    model: { kind: 'deep-linear', depth: 1 },
    init: { kind: 'balanced', scale: 0.1 },
    training: { mode: 'flow', time: 1 },
  },
  1,
)
const job = (cohort: string, seed = 0): CohortJob => ({
  cohort,
  runs: [{ id: 'ra', attempt: 1, crashes: 0, spec: { ...spec, seed }, dataDigest: null }],
})
const digest: CohortDigest = {
  runs: [{ id: 'ra', attempt: 1, crashes: 0, ended: 'finished', fingerprint: 'f' }],
}

it('a cohort waits, is with a worker, ends, and each is told to the listener', async (test) => {
  const told: string[] = []
  let ended = (): void => {}
  const done = new Promise<void>((resolve) => {
    ended = resolve
  })
  const listener: QueueListener = {
    connected: () => {},
    started: (cohort) => told.push(`started ${cohort}`),
    progress: (cohort, { runs }) => told.push(`progress ${cohort} ${runs[0]?.progress?.step}`),
    lost: (cohort) => told.push(`lost ${cohort}`),
    failed: (cohort, why) => told.push(`failed ${cohort} ${why}`),
    ended: (cohort, { runs }) => {
      told.push(`ended ${cohort} ${runs[0]?.ended}`)
      ended()
    },
  }
  test.after(queue.listen(listener))
  await untilListening()
  await queue.add(job('c1'))
  await queue.add(job('c1', 9))
  assert.deepEqual(await queue.places(['c1', 'c2']), ['waiting', 'absent'])
  const progress: CohortProgress = {
    runs: [
      {
        id: 'ra',
        attempt: 1,
        phase: 'running',
        crashes: 0,
        engine: 'reference',
        device: 'cpu',
        progress: { step: 5, steps: 10, fraction: 0.5, etaSeconds: 1 },
      },
    ],
  }
  const worker = new Worker<CohortJob, CohortDigest>(
    name.name,
    async (taken) => {
      assert.equal(taken.data.runs[0]?.spec.seed, 0) // the second add left the first as it was
      await taken.updateProgress(progress)
      assert.deepEqual(await queue.look('c1'), { place: 'held', progress })
      assert.equal(await queue.remove('c1'), false)
      return digest
    },
    { connection: patientOptions(redis.address), prefix: name.prefix },
  )
  test.after(() => worker.close())
  await done
  assert.deepEqual(told, ['started c1', 'progress c1 5', 'ended c1 finished'])
  assert.deepEqual(await queue.look('c1'), { place: 'ended', digest })
  assert.equal(await queue.workers(), 1)
  await queue.forget('c1')
  assert.deepEqual(await queue.places(['c1']), ['absent'])
})

/** Waits until the listener reads the stream of events: what happens before is left to the reconciler. */
async function untilListening(): Promise<void> {
  const client = connectPatiently(redis.address)
  while (!/cmd=xread/.test(String(await client.client('LIST')))) await sleep(5)
  client.disconnect()
}

it('a waiting cohort can be taken out, and one that is not there counts as out', async () => {
  await queue.add(job('c3'))
  assert.equal(await queue.remove('c3'), true)
  assert.deepEqual(await queue.look('c3'), { place: 'absent' })
  assert.equal(await queue.remove('c3'), true)
})

it('orders and starts of a cohort outlive both sides and go when it is forgotten', async () => {
  const client = connectPatiently(redis.address)
  const control = openControl(client, name)
  await queue.cancel('c4', ['ra', 'rb'])
  await queue.cancel('c4', [])
  assert.deepEqual([...(await control.cancelled('c4'))], ['ra', 'rb'])
  assert.deepEqual([await control.start('c4', 'ra'), await control.start('c4', 'ra')], [1, 2])
  await control.takeBack('c4', 'ra')
  assert.equal(await control.start('c4', 'ra'), 2)
  await queue.forget('c4')
  assert.deepEqual([(await control.cancelled('c4')).size, await control.start('c4', 'ra')], [0, 1])
  client.disconnect()
})

it('while Redis is away every question is refused at once, and answered again when it is back', async () => {
  const pid = redis.pid()
  assert.ok(pid !== null)
  process.kill(pid, 'SIGKILL')
  let refused = false
  const deadline = performance.now() + 20_000
  for (;;) {
    const began = performance.now()
    try {
      await queue.add(job('c5'))
      if (refused) break
    } catch (error) {
      assert.equal((error as { code: string }).code, 'QUEUE_UNREACHABLE')
      refused = true
    }
    const took = performance.now() - began
    assert.ok(took < 6000, `an answer took ${took} ms`)
    assert.ok(performance.now() < deadline, refused ? 'Redis did not come back' : 'nothing was refused')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.deepEqual(await queue.places(['c5']), ['waiting'])
})
