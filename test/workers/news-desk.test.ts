import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openNewsDesk } from '../../workers/news-desk.ts'
import type { News } from '../../workers/trainer-messages.ts'

const MANY = 512
const progress = (step: number) => ({ step, steps: 100, fraction: step / 100, etaSeconds: null })

function listen() {
  const heard: News[] = []
  return { heard, desk: openNewsDesk((news) => heard.push(news)) }
}

it('the start of 512 runs is one message', async () => {
  const { heard, desk } = listen()
  for (let r = 0; r < MANY; r++) {
    desk.started(`r${r}`, 'lanes', 'cpu')
    desk.progress(`r${r}`, progress(0))
  }
  await wait(20)
  assert.deepEqual([heard.length, heard[0]?.started.length, heard[0]?.progress.length], [1, MANY, MANY])
  desk.close()
})

it('512 runs that report all the time tell no more than 200 updates a second after their start, and their ends at once', async () => {
  const { heard, desk } = listen()
  const began = performance.now()
  for (let tick = 0; performance.now() - began < 1500; tick++) {
    for (let r = 0; r < MANY; r++) desk.progress(`r${r}`, progress(tick))
    if (tick === 20) desk.ended('r7', { ended: 'cancelled' })
    await wait(20)
  }
  const updates = heard.reduce((sum, news) => sum + news.progress.length, 0)
  const seconds = (performance.now() - began) / 1000
  assert.ok(updates <= MANY + 200 * seconds, `${updates} updates in ${seconds} s`)
  assert.ok(heard.length <= 1 + 10 * seconds, `${heard.length} messages in ${seconds} s`)
  assert.deepEqual(heard.at(-1)?.ended, [{ run: 'r7', end: { ended: 'cancelled' } }])
  desk.close()
})

it('a run alone is heard at each of its two reports a second', async () => {
  const { heard, desk } = listen()
  for (let step = 0; step < 3; step++) {
    desk.progress('r', progress(step))
    await wait(150)
  }
  assert.deepEqual(
    heard.map((news) => news.progress[0]?.progress.step),
    [0, 1, 2],
  )
  desk.close()
})

it('closing tells ends that wait and no progress, and a run that ended has none', async () => {
  const { heard, desk } = listen()
  desk.started('ra', 'lanes', 'cpu')
  await wait(20)
  desk.progress('ra', progress(3))
  desk.progress('rb', progress(4))
  desk.ended('ra', { ended: 'finished', fingerprint: 'f' })
  desk.close()
  assert.equal(heard.length, 2)
  const ended = [{ run: 'ra', end: { ended: 'finished', fingerprint: 'f' } }]
  assert.deepEqual(heard[1], { started: [], progress: [], ended })
  await wait(150)
  assert.equal(heard.length, 2)
})
