import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { JobView } from '../../src/experiment/job-view.ts'
import type { ResultView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepView } from '../../src/experiment/sweep-view.ts'
import { type Service, startService } from './service.ts'

const base: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.8], rho: [0.5, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.05 },
  training: { mode: 'gradient-descent', learningRate: 0.05, steps: 3000 },
}

interface Listed {
  readonly items: readonly { name: string; bytes: number; sha256: string; href: string }[]
}

/** The same runs in two services: one after the other here, as a sweep there. */
describe('a run that was trained in a cohort', () => {
  let [alone, together]: [Service, Service] = [undefined as never, undefined as never]
  let jobs: JobView[]

  before(async () => {
    const env = { JEPALAB_TENSORFLOW: 'off' }
    ;[alone, together] = await Promise.all([
      startService({ workers: 1, env }),
      startService({ workers: 1, env }),
    ])
    const scales = [0.05, 0.06, 0.07]
    const sweep = { base, axes: { 'init.scale': scales } }
    const { id } = (await post(together, '/v1/sweeps', sweep)) as SweepView
    jobs = []
    for (const scale of scales)
      jobs.push((await post(alone, '/v1/jobs', { ...base, init: { ...base.init, scale } })) as JobView)
    for (const job of jobs) await ended(alone, `/v1/jobs/${job.id}`)
    await ended(together, `/v1/sweeps/${id}`)
  })
  after(() => Promise.all([alone.close(), together.close()]))

  const get = (service: Service, path: string, headers: Record<string, string> = {}) =>
    fetch(service.url + path, { headers })
  const read = async <T>(service: Service, path: string) => (await (await get(service, path)).json()) as T

  it('lies in a pack, and the other in a folder', () => {
    for (const { id } of jobs) {
      assert.ok(existsSync(join(alone.home, 'artifacts', id, '1')))
      assert.ok(!existsSync(join(together.home, 'artifacts', id)))
    }
    assert.ok(existsSync(join(together.home, 'artifacts', 'packs')))
  })

  it('has the same result, but for the clock', async () => {
    for (const { id } of jobs) {
      const [a, b] = await Promise.all(
        [alone, together].map(async (service) => {
          const {
            wallSeconds: _,
            stepsPerSecond: __,
            ...result
          } = await read<ResultView>(service, `/v1/jobs/${id}/result`)
          return result
        }),
      )
      assert.deepEqual(b, a)
    }
  })

  it('has the same files with the same bytes, names, tags and ranges', async () => {
    const { id } = jobs[1]!
    const [a, b] = await Promise.all(
      [alone, together].map((s) => read<Listed>(s, `/v1/jobs/${id}/artifacts`)),
    )
    assert.deepEqual(b, a)
    assert.deepEqual(
      a!.items.map(({ name }) => name),
      ['spec.json', 'measurements.json', 'trajectory.parquet', 'weights.safetensors'],
    )
    for (const { href, sha256, bytes } of b!.items) {
      for (const headers of [
        {},
        { range: 'bytes=3-9' },
        { range: 'bytes=-5' },
        { range: `bytes=${bytes}-` },
        { 'if-none-match': `"${sha256}"` },
        { range: 'bytes=0-3', 'if-range': '"other"' },
      ] as Record<string, string>[]) {
        const [one, other] = await Promise.all([alone, together].map((s) => get(s, href, headers)))
        assert.equal(other!.status, one!.status, `${href} ${JSON.stringify(headers)}`)
        for (const name of ['content-length', 'content-type', 'content-range', 'etag', 'content-disposition'])
          assert.equal(other!.headers.get(name), one!.headers.get(name), `${href} ${name}`)
        const [left, right] = await Promise.all([one!, other!].map((reply) => reply.arrayBuffer()))
        assert.ok(Buffer.from(right!).equals(Buffer.from(left!)), href)
      }
    }
    for (const service of [alone, together]) {
      const reply = await get(service, `/v1/jobs/${id}/artifacts/nothing.json`)
      assert.equal(((await reply.json()) as { code: string }).code, 'ARTIFACT_UNKNOWN')
    }
  })

  it('has the same trajectory in every format and the same figure', async () => {
    const { id } = jobs[2]!
    for (const path of [
      'trajectory',
      'trajectory?points=7',
      'trajectory?format=csv',
      'trajectory?format=npz',
      'trajectory?format=parquet&points=50',
      'figure.svg',
      'figure.vl.json',
    ]) {
      const [one, other] = await Promise.all([alone, together].map((s) => get(s, `/v1/jobs/${id}/${path}`)))
      assert.equal(one!.status, 200, path)
      assert.equal(other!.headers.get('content-type'), one!.headers.get('content-type'), path)
      const [left, right] = await Promise.all(
        [one!, other!].map(async (r) => Buffer.from(await r.arrayBuffer())),
      )
      if (path.startsWith('figure')) assert.equal(withoutClock(right!), withoutClock(left!), path)
      else assert.ok(right!.equals(left!), path)
    }
  })
})

/** The drawing tells of steps per second. */
function withoutClock(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll(/[\d.,kM ]+steps\/s/g, '')
}

async function post(service: Service, path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(reply.ok, await reply.clone().text())
  return reply.json()
}

/** Waits for the end of a job or a sweep. */
async function ended(service: Service, path: string): Promise<void> {
  for (;;) {
    const { state } = (await (await fetch(service.url + path)).json()) as JobView | SweepView
    if (state === 'succeeded') return
    assert.ok(['queued', 'starting', 'running'].includes(state), `${path} is ${state}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
