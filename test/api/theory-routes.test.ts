import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { JobPage } from '../../src/api/job-list.ts'
import { Estimate, type JobView } from '../../src/experiment/job-view.ts'
import { Crossover, Prediction } from '../../src/experiment/prediction.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { SpectrumView } from '../../src/experiment/result-view.ts'
import { Calls, checked, problem } from './calls.ts'
import { type Service, startService } from './service.ts'

const spec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.95], rho: [0.3, 0.95] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.01 },
  training: { mode: 'flow', time: 2000 },
}

describe('the HTTP API without workers', () => {
  let service: Service
  let calls: Calls
  before(async () => {
    service = await startService({ workers: 0 })
    calls = new Calls(service.url)
  })
  after(() => service.close())

  it('POST /v1/estimates tells memory, steps and time, and queues nothing', async () => {
    const before = await calls.read<{ items: JobView[] }>('/v1/jobs', JobPage)
    const reply = await calls.post('/v1/estimates', { ...spec, seed: 7 })
    assert.equal(reply.status, 200)
    const estimate = checked<Estimate>(Estimate, await reply.json())
    assert.ok(estimate.memoryBytes > 0 && estimate.steps > 0 && estimate.seconds > 0)
    assert.deepEqual(await calls.read('/v1/jobs', JobPage), before)
  })

  it('POST /v1/predictions answers alike whether it is computed here or in the thread', async () => {
    const ask = { objective: 'mae', depth: 3, scale: 0.01, lambda: [1, 0.5, -1], rho: [0.4, 0.9, -0.5] }
    const times = Array.from({ length: 200 }, (_, i) => i)
    const [few, many] = await Promise.all(
      [
        { ...ask, times: times.slice(0, 3) },
        { ...ask, times },
      ].map(async (body) => {
        const reply = await calls.post('/v1/predictions', body)
        assert.equal(reply.status, 200)
        return checked<Prediction>(Prediction, await reply.json())
      }),
    )
    assert.equal(few!.features[2]!.criticalTime, null) // never learned: infinity is null
    assert.deepEqual(few!.order, [0, 1, 2])
    for (const [i, feature] of few!.features.entries()) {
      assert.deepEqual(feature.amplitudes, many!.features[i]!.amplitudes!.slice(0, 3))
      assert.equal(feature.criticalTime, many!.features[i]!.criticalTime)
    }
  })

  it('POST /v1/predictions/crossover tells the ratio at which the order turns', async () => {
    const reply = await calls.post('/v1/predictions/crossover', {
      depth: 3,
      scale: 1e-3,
      rho: [0.3, 0.9],
      lambda: [1.2, 1],
    })
    const crossover = checked<Crossover>(Crossover, await reply.json())
    assert.ok(Math.abs(crossover.jepaRatio! - 1.475) < 5e-4) // docs/theory.md §4, four digits
    assert.ok(Math.abs(crossover.maeRatio! - 0.993) < 5e-4)
    assert.deepEqual([crossover.inverted, crossover.jepaFirst, crossover.maeFirst], [true, 1, 0])
  })

  const data: Record<string, object> = {
    gaussian: { lambda: [1, 0.5], rho: [0.5, 0.9], rotation: { kind: 'haar', seed: 1 } },
    'static-noise': { alpha: [1, 0.5], nu: [0.1, 0.2] },
    'feature-mask': { alpha: [1, 0.5], keep: [0.5, 0.9] },
    'pixel-mask': {
      C: [
        [2, 0.5],
        [0.5, 1],
      ],
      keep: 0.6,
    },
    'random-projection': { alpha: [3, 2, 1], rank: 2 },
    temporal: { alpha: [1, 0.5], gamma: [0.5, 0.9], nu: [0.1, 0.1] },
    'linear-system': {
      A: [
        [0.9, 0],
        [0, 0.5],
      ],
      C: [
        [1, 0],
        [0, 1],
      ],
      Q: [
        [1, 0],
        [0, 1],
      ],
      R: [
        [0.1, 0],
        [0, 0.1],
      ],
    },
    covariance: {
      Sxx: [
        [2, 0.1],
        [0.1, 1],
      ],
      Syx: [
        [1, 0],
        [0, 0.2],
      ],
    },
    images: { dataset: 'mnist', resolution: 5, limit: 500, views: { kind: 'noise', nu: 0.5 } },
  }
  for (const [kind, fields] of Object.entries(data)) {
    it(`POST /v1/spectra tells the features of ${kind}`, async () => {
      const reply = await calls.post('/v1/spectra', { data: { kind, ...fields } })
      const spectrum = checked<SpectrumView>(SpectrumView, await reply.json())
      assert.equal(reply.status, 200)
      for (const [i, lambda] of spectrum.lambda.entries()) {
        const product = spectrum.rho[i]! * spectrum.sigma2[i]!
        assert.ok(Math.abs(lambda - product) <= 1e-9 * Math.max(1, Math.abs(lambda)), `feature ${i}`) // rounding only
      }
    })
  }

  it('a large matrix is checked away from the event loop', async () => {
    const n = 400
    const row = (i: number) => Array.from({ length: n }, (_, j) => (i === j ? 1 : ((i * j) % 10) / 10))
    const data = { kind: 'pixel-mask', C: Array.from({ length: n }, (_, i) => row(i)), keep: 0.5 }
    let slowest = 0
    const watch = new AbortController()
    const watched = (async () => {
      while (!watch.signal.aborted) {
        const begun = performance.now()
        await (await calls.get('/healthz')).arrayBuffer()
        slowest = Math.max(slowest, performance.now() - begun)
      }
    })()
    const begun = performance.now()
    const reply = await calls.post('/v1/estimates', {
      objective: 'mae',
      data,
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'balanced', scale: 0.01 },
      training: { mode: 'flow', time: 1 },
    })
    const took = performance.now() - begun
    watch.abort()
    await watched
    assert.match(await problem(reply, 422, 'SPEC_INVALID'), /C has the eigenvalue/)
    // The decomposition is most of the time that the answer takes; reading the body is the rest.
    assert.ok(slowest < took / 2, `/healthz took up to ${slowest} ms of ${took}`)
  })

  it('/healthz, /readyz, /metrics, /openapi.json and /docs answer', async () => {
    assert.deepEqual(((await (await calls.get('/healthz')).json()) as { status: string }).status, 'ok')
    const ready = (await (await calls.get('/readyz')).json()) as object
    assert.deepEqual(ready, { ledger: true, redis: true, workers: 0 })
    const metrics = await (await calls.get('/metrics')).text()
    assert.match(metrics, /^jepalab_jobs\{state="queued"\} 0/m)
    assert.match(metrics, /^jepalab_workers 0$/m)
    const written = parse(readFileSync(join(repositoryRoot(), 'openapi.yaml'), 'utf8')) as object
    assert.deepEqual(await (await calls.get('/openapi.json')).json(), written)
    assert.match(await (await calls.get('/docs/')).text(), /swagger-ui/)
  })
})
