import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { DatasetPage } from '../../src/api/dataset-list.ts'
import { openService, type Service } from '../../src/api/service.ts'
import { eventMessages } from '../../src/cli/event-messages.ts'
import { DatasetView } from '../../src/experiment/dataset-view.ts'
import { readSettings } from '../../src/settings.ts'
import { idx, npy, npz, randomBytes } from '../data/image-files.ts'
import { Calls, checked, problem } from './calls.ts'

const UPLOAD_BYTES = 200_000
const REQUEST_MS = 700
const set = (k: number, side = 6) => idx(randomBytes(20 + k, side, side), 20 + k, side, side)

describe('image sets over HTTP', () => {
  let home: string
  let service: Service
  let url: string
  let calls: Calls
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'jepalab-datasets-'))
    const settings = readSettings({ JEPALAB_HOME: home, JEPALAB_WORKERS: '0', JEPALAB_MAX_MEMORY: '128MB' })
    const limits = { uploadBytes: UPLOAD_BYTES, requestMs: REQUEST_MS }
    service = await openService({ settings, log: pino({ level: 'silent' }), clock: () => Date.now(), limits })
    url = await service.app.listen({ host: '127.0.0.1', port: 0 })
    calls = new Calls(url)
  })
  after(async () => {
    await service.close()
    rmSync(home, { recursive: true })
  })

  const send = (body: Uint8Array, query = '', headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/datasets${query}`, {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': 'application/octet-stream', ...headers },
    })
  const everything = () => readdirSync(join(home, 'artifacts'), { recursive: true }).map(String).sort()
  const remove = (id: string) => fetch(`${url}/v1/datasets/${id}`, { method: 'DELETE' })

  it('an upload becomes a set: 201 and its place; the same again is 200 and takes a name', async () => {
    const first = await send(set(0))
    assert.equal(first.status, 201)
    const view = checked<DatasetView>(DatasetView, await first.json())
    assert.equal(first.headers.get('location'), `/v1/datasets/${view.id}`)
    assert.match(view.id, /^d[a-z2-7]{26}$/)
    assert.deepEqual([view.count, view.height, view.width, view.channels], [20, 6, 6, 1])
    const again = await send(set(0), '?name=small&filename=train.idx')
    assert.equal(again.status, 200)
    const named = checked<DatasetView>(DatasetView, await again.json())
    assert.deepEqual([named.id, named.names], [view.id, ['small']])
    assert.deepEqual(await calls.read(`/v1/datasets/small`, DatasetView), named)
    assert.deepEqual(await calls.read(`/v1/datasets/${view.id}`, DatasetView), named)
  })

  it('a path on the server becomes a set, with its labels', async () => {
    const path = join(home, 'images.idx')
    const labels = join(home, 'labels.idx')
    writeFileSync(path, set(1))
    writeFileSync(
      labels,
      idx(
        Uint8Array.from({ length: 21 }, (_, k) => k % 2),
        21,
      ),
    )
    const reply = await calls.post('/v1/datasets', { path, labels, name: 'from-path', classes: 2 })
    assert.equal(reply.status, 201)
    const { classes, names } = checked<DatasetView>(DatasetView, await reply.json())
    assert.deepEqual(classes, [
      { name: '0', count: 11 },
      { name: '1', count: 10 },
    ])
    assert.deepEqual(names, ['from-path'])
  })

  it('events tell how far an import is, and end with the set or the problem', async () => {
    const accept = { accept: 'text/event-stream' }
    const good: { type: string; data: unknown }[] = []
    for await (const event of eventMessages(await send(set(2), '', accept))) good.push(event)
    assert.ok(good.length >= 3, JSON.stringify(good.map(({ type }) => type)))
    const phases = good.slice(0, -1).map(({ data }) => (data as { phase: string }).phase)
    assert.deepEqual([...new Set(phases)], ['receiving', 'reading', 'measuring'])
    const { type, data } = good.at(-1)!
    assert.equal(type, 'dataset')
    const { dataset, created } = data as { dataset: DatasetView; created: boolean }
    assert.ok(created)
    checked(DatasetView, dataset)
    const before = everything()
    const bad: { type: string; data: unknown }[] = []
    for await (const event of eventMessages(await send(set(3).subarray(0, 200), '', accept))) bad.push(event)
    const last = bad.at(-1)!
    assert.equal(last.type, 'problem')
    assert.equal((last.data as { code: string }).code, 'DATASET_REFUSED')
    assert.deepEqual(everything(), before)
  })

  it('the list is paged, newest first, and DELETE takes a set out of it', async () => {
    const ids: string[] = []
    for (let after = ''; ; ) {
      const page = await calls.read<{ items: DatasetView[]; nextCursor: string | null }>(
        `/v1/datasets?limit=2${after}`,
        DatasetPage,
      )
      ids.push(...page.items.map(({ id }) => id))
      if (page.nextCursor === null) break
      after = `&after=${page.nextCursor}`
    }
    const whole = await calls.read<{ items: DatasetView[] }>('/v1/datasets', DatasetPage)
    assert.deepEqual(
      ids,
      whole.items.map(({ id }) => id),
    )
    const times = whole.items.map(({ createdAt }) => createdAt)
    assert.deepEqual(times, times.toSorted().reverse())
    const removed = await remove('from-path')
    assert.equal(removed.status, 200)
    const { id } = checked<DatasetView>(DatasetView, await removed.json())
    const rest = await calls.read<{ items: DatasetView[] }>('/v1/datasets', DatasetPage)
    assert.deepEqual(
      rest.items.map((item) => item.id),
      ids.filter((other) => other !== id),
    )
    await problem(await remove(id), 404, 'DATASET_UNKNOWN')
    await problem(await calls.get('/v1/datasets/from-path'), 404, 'DATASET_UNKNOWN')
    await problem(await calls.get('/v1/datasets?after=xyz'), 400, 'SCHEMA_MISMATCH')
  })

  it('two uploads of the same content at once make one set', async () => {
    const replies = await Promise.all([send(set(5)), send(set(5))])
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 201])
    const [a, b] = (await Promise.all(replies.map((reply) => reply.json()))) as DatasetView[]
    assert.equal(a!.id, b!.id)
  })

  const refused: [
    title: string,
    ask: () => Promise<Response>,
    status: number,
    code: string,
    sentence: RegExp,
  ][] = [
    [
      'a truncated file',
      () => send(set(6).subarray(0, 300)),
      422,
      'DATASET_REFUSED',
      /^upload does .* truncated/,
    ],
    ['no bytes', () => send(new Uint8Array(0)), 422, 'DATASET_REFUSED', /0 bytes/],
    [
      'a file whose name is told',
      () => send(Buffer.from('hello'), '?filename=notes.txt'),
      422,
      'DATASET_REFUSED',
      /^notes\.txt does not become an image set/,
    ],
    [
      'another format than asked for',
      () => send(npz({ x: npy('|u1', [20, 6, 6], randomBytes(20, 6, 6)) }), '?format=idx'),
      422,
      'DATASET_REFUSED',
      /of the format npz and not idx/,
    ],
    ['an upload over the limit', () => send(set(0, 150)), 413, 'UPLOAD_TOO_LARGE', /limit of 200000 bytes/],
    [
      'a name that is taken',
      () => send(set(7), '?name=small'),
      409,
      'DATASET_NAME_TAKEN',
      /small belongs to d/,
    ],
    [
      'a name that means something',
      () => send(set(7), '?name=mnist'),
      422,
      'SPEC_INVALID',
      /mnist has a meaning/,
    ],
    ['a name of other letters', () => send(set(7), '?name=../x'), 400, 'SCHEMA_MISMATCH', /./],
    ['an unknown field', () => send(set(7), '?nmae=x'), 400, 'SCHEMA_MISMATCH', /./],
    ['a seed without a size', () => send(set(7), '?patchSeed=1'), 400, 'SCHEMA_MISMATCH', /./],
    [
      'another media type',
      () => send(set(7), '', { 'content-type': 'image/png' }),
      415,
      'MEDIA_TYPE',
      /image\/png/,
    ],
    [
      'a relative path',
      () => calls.post('/v1/datasets', { path: 'images' }),
      422,
      'DATASET_REFUSED',
      /images does .* no absolute path/,
    ],
    [
      'a path that is not there',
      () => calls.post('/v1/datasets', { path: '/nowhere/at-all' }),
      422,
      'DATASET_REFUSED',
      /no such file or folder on the server/,
    ],
    ['a misspelt field', () => calls.post('/v1/datasets', { pth: '/x' }), 400, 'SCHEMA_MISMATCH', /./],
  ]
  for (const [title, ask, status, code, sentence] of refused) {
    it(`${title} is answered ${status} ${code}, and nothing of it is left`, async () => {
      const before = everything()
      assert.match(await problem(await ask(), status, code), sentence)
      assert.deepEqual(everything(), before)
    })
  }

  it('an upload without a length is held to the limit too', async () => {
    const before = everything()
    async function* endless() {
      for (let k = 0; k < 100; k++) yield Buffer.alloc(10_000)
    }
    const reply = await fetch(`${url}/v1/datasets`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: endless() as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit)
    await problem(reply, 413, 'UPLOAD_TOO_LARGE')
    assert.deepEqual(everything(), before)
  })

  /** An upload that stops after half of its bytes. */
  function halfUpload(path: string, type: string) {
    const bytes = set(8)
    const headers = { 'content-type': type, 'content-length': bytes.length }
    const asked = request(`${url}${path}`, { method: 'POST', headers })
    asked.on('error', () => {})
    asked.write(bytes.subarray(0, 400))
    return asked
  }

  it('a client that leaves in the middle leaves nothing behind', async () => {
    const before = everything()
    const asked = halfUpload('/v1/datasets', 'application/octet-stream')
    while (everything().length === before.length) await sleep(5)
    asked.destroy()
    while (everything().length > before.length) await sleep(5)
    assert.deepEqual(everything(), before)
  })

  it('a slow upload may take longer than a slow spec, which is closed with 408', async () => {
    const upload = halfUpload('/v1/datasets', 'application/octet-stream')
    const spec = halfUpload('/v1/jobs', 'application/json')
    const [reply] = await once(spec, 'response')
    assert.equal(reply.statusCode, 408)
    assert.equal(upload.destroyed, false)
    upload.end(set(8).subarray(400))
    const [done] = await once(upload, 'response')
    assert.equal(done.statusCode, 201)
  })

  it('a job on a registered set is admitted with its SHA-256 as digest; on an unknown one it is refused', async () => {
    const spec = (dataset: string) => ({
      objective: 'jepa',
      data: { kind: 'images', dataset, resolution: 3, views: { kind: 'noise', nu: 1 } },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'balanced', scale: 0.1 },
      training: { mode: 'flow', time: 1 },
    })
    const job = await calls.post('/v1/jobs', spec('small'))
    assert.equal(job.status, 202, await job.clone().text())
    const spectrum = await calls.post('/v1/spectra', { data: spec('small').data })
    assert.equal(spectrum.status, 200)
    await problem(await calls.post('/v1/jobs', spec('smal')), 422, 'SPEC_INVALID')
    const path = join(home, 'many.idx')
    writeFileSync(path, idx(randomBytes(60_000, 3, 3), 60_000, 3, 3))
    assert.equal((await calls.post('/v1/datasets', { path, name: 'many' })).status, 201)
    const sentence = await problem(await calls.post('/v1/jobs', spec('many')), 422, 'SPEC_INVALID')
    assert.match(sentence, /needs 1\d\d MB and JEPALAB_MAX_MEMORY allows 128 MB/) // by the images that the set has
  })
})
