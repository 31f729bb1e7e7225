import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { streamEvents } from '../../src/api/event-stream.ts'
import { openHerald, toJobEvent } from '../../src/dispatch/herald.ts'
import { viewOf } from '../../src/dispatch/view.ts'
import { openLedger } from '../../src/ledger/ledger.ts'
import { newRun } from '../ledger/example-run.ts'

const HEARTBEAT_MS = 5

/** A stream of one run of a real ledger, whose reader has not begun to read. */
async function withStream(
  use: (stream: Readable, move: (to: 'cancelled' | 'queued') => void) => Promise<void>,
) {
  const home = mkdtempSync(join(tmpdir(), 'jepalab-events-'))
  const ledger = openLedger(join(home, 'ledger.sqlite'))
  const herald = openHerald(ledger.events, (error) => assert.fail(String(error)))
  ledger.post(newRun('r1'), 1)
  const move = (to: 'cancelled' | 'queued') => {
    const next = { cohort: 'r1-2', warnings: [] }
    const event = to === 'queued' ? ledger.postAgain('r1', 1, next, 3) : ledger.transition('r1', 1, to, {}, 2)
    herald.tellKept(event!)
  }
  const source = {
    events: (id: string, after = 0) => ledger.events.after(id, after, 100).map(toJobEvent),
    find: (id: string) => viewOf(ledger.find(id)!, undefined, []),
    subscribe: herald.subscribe,
  }
  const closing = new AbortController().signal
  try {
    await use(streamEvents(source, { id: 'r1', after: 0, heartbeatMs: HEARTBEAT_MS, closing }), move)
  } finally {
    ledger.close()
    rmSync(home, { recursive: true })
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

it('a reader that comes to the end late gets all up to it and no error, whatever happens meanwhile', async () => {
  await withStream(async (stream, move) => {
    move('cancelled')
    move('queued') // posted again before the reader has read of the end
    await wait(4 * HEARTBEAT_MS)
    const states = [...(await textOf(stream)).matchAll(/"state":"(\w+)"/g)].map(([, state]) => state)
    assert.deepEqual(states, ['queued', 'cancelled'])
  })
})

it('a reader that goes away leaves no listener and no timer behind', async () => {
  await withStream(async (stream, move) => {
    stream.on('error', assert.fail)
    const before = stream.readableLength
    stream.destroy()
    move('cancelled')
    await wait(2 * HEARTBEAT_MS)
    assert.equal(stream.readableLength, before)
  })
})
