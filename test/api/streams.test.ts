import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { openService, type Service } from '../../src/api/service.ts'
import type { JobView } from '../../src/experiment/job-view.ts'
import { readSettings } from '../../src/settings.ts'
import { Calls } from './calls.ts'

const HEARTBEAT_MS = 50
const REQUEST_MS = 500
const spec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
  model: { kind: 'deep-linear', depth: 1 },
  init: { kind: 'balanced', scale: 0.1 },
  training: { mode: 'flow', time: 1 },
}

describe('a service with short limits and no workers', () => {
  let home: string
  let service: Service
  let url: string
  let calls: Calls
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'jepalab-streams-'))
    const settings = readSettings({ JEPALAB_HOME: home, JEPALAB_WORKERS: '0' })
    const limits = { heartbeatMs: HEARTBEAT_MS, requestMs: REQUEST_MS }
    service = await openService({ settings, log: pino({ level: 'silent' }), clock: () => Date.now(), limits })
    url = await service.app.listen({ host: '127.0.0.1', port: 0 })
    calls = new Calls(url)
  })
  after(async () => {
    await service.close()
    await service.close() // a second time does nothing
    rmSync(home, { recursive: true })
  })

  const startJob = async (seed: number): Promise<JobView> =>
    (await (await calls.post('/v1/jobs', { ...spec, seed })).json()) as JobView

  /** Reads a stream until it has sent what is looked for, or to its end. */
  async function readUntil(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    wanted?: RegExp,
  ): Promise<string> {
    const decoder = new TextDecoder()
    for (let text = ''; ; ) {
      const { done, value } = await reader.read()
      if (done) return text
      text += decoder.decode(value, { stream: true })
      if (wanted?.test(text)) return text
    }
  }

  it('a quiet stream shows signs of life, tells the end live, and ends with the run', async () => {
    const { id } = await startJob(1)
    const reader = (await calls.get(`/v1/jobs/${id}/events`)).body!.getReader()
    const quiet = await readUntil(reader, /(: still here\n\n){2}/)
    assert.match(quiet, /^retry: 1000\n\nid: \d+\nevent: state\ndata: \{.*"state":"queued"/)
    assert.equal((await calls.post(`/v1/jobs/${id}/cancel`)).status, 202)
    assert.match(await readUntil(reader), /^id: \d+\nevent: state\ndata: \{.*"state":"cancelled"/m)
  })

  it('a request that never gets whole is answered 408 and closed', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      'POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
    )
    let text = ''
    for await (const chunk of socket) text += chunk
    assert.match(text, /^HTTP\/1\.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/)
  })

  it('closing the service ends open streams instead of waiting for them', async () => {
    const { id } = await startJob(2)
    const reader = (await calls.get(`/v1/jobs/${id}/events`)).body!.getReader()
    await readUntil(reader, /still here/)
    const began = performance.now()
    const [rest] = await Promise.all([readUntil(reader), service.close()])
    assert.ok(!rest.includes('"state":"cancelled"'), rest)
    const seconds = (performance.now() - began) / 1000
    assert.ok(seconds < 5, `${seconds} s`) // Redis writes its last second to disk; a stream would hold it for ever
  })
})
