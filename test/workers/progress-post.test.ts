import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { CohortProgress, RunProgress } from '../../src/queue/cohort-job.ts'
import { openProgressPost } from '../../workers/progress-post.ts'

const MANY = 512
const change = (id: string, phase: RunProgress['phase'], step = 0): RunProgress => ({
  ...{ id, attempt: 1, phase, crashes: 0, engine: 'lanes', device: 'cpu' },
  progress: { step, steps: 10, fraction: step / 10, etaSeconds: null },
})
const digest = (id: string) => ({ id, attempt: 1, crashes: 0, ended: 'finished' as const, fingerprint: 'f' })

it('a phase that 512 runs enter is one message, and a second of their ends is five at most', async () => {
  const sent: CohortProgress[] = []
  const post = openProgressPost(async (message) => void sent.push(message))
  for (let r = 0; r < MANY; r++) post.report(change(`r${r}`, 'running'))
  await wait(20)
  assert.deepEqual([sent.length, sent[0]?.runs.length, sent[0]?.ended], [1, MANY, undefined])
  const began = performance.now()
  for (let r = 0; r < MANY; r++) {
    post.ended(digest(`r${r}`))
    if (r % 16 === 0) await wait(30)
  }
  await wait(300)
  const seconds = (performance.now() - began) / 1000
  assert.ok(sent.length <= 2 + 4 * seconds, `${sent.length} messages in ${seconds} s`)
  assert.equal(new Set(sent.flatMap((message) => message.ended ?? []).map(({ id }) => id)).size, MANY)
  await post.close('drop')
})

it('while a message is under way the latest of each run waits for the next, and its end takes its place', async () => {
  const sent: CohortProgress[] = []
  let arrive = () => {}
  const post = openProgressPost((message) => {
    sent.push(message)
    return new Promise((resolve) => {
      arrive = resolve
    })
  })
  post.report(change('ra', 'running'))
  await wait(20)
  for (let step = 1; step < 9; step++) for (const id of ['ra', 'rb']) post.report(change(id, 'running', step))
  post.ended(digest('ra'))
  await wait(300)
  assert.equal(sent.length, 1)
  arrive()
  await wait(300)
  assert.deepEqual(sent[1], { runs: [change('rb', 'running', 8)], ended: [digest('ra')] })
  arrive()
  post.report(change('rb', 'queued', 9))
  const closing = post.close('send')
  await wait(20)
  arrive()
  await closing
  assert.deepEqual(sent[2], { runs: [change('rb', 'queued', 9)] })
})

it('what is dropped at the close is never sent', async () => {
  const sent: CohortProgress[] = []
  const post = openProgressPost(async (message) => void sent.push(message))
  post.ended(digest('ra'))
  await post.close('drop')
  await wait(300)
  assert.equal(sent.length, 0)
})
