import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { SpectrumView } from '../../src/experiment/result-view.ts'
import { families } from '../data/nonlinear/families.ts'
import { Calls, checked } from './calls.ts'
import { type Service, startService } from './service.ts'

describe('nonlinear data over HTTP', () => {
  let service: Service
  let calls: Calls
  before(async () => {
    service = await startService({ workers: 0 })
    calls = new Calls(service.url)
  })
  after(() => service.close())

  for (const [name, data] of Object.entries(families)) {
    it(`POST /v1/spectra tells the latents of ${name}, and how well the moments of x are known`, async () => {
      const reply = await calls.post('/v1/spectra', { data })
      assert.equal(reply.status, 200)
      const { latents, estimate, rho } = checked<SpectrumView>(SpectrumView, await reply.json())
      assert.ok(estimate!.samples >= 16_384 && estimate!.error > 0)
      assert.ok(rho.every((each) => Math.abs(each) < 1.01))
      const { names, lambda, loudness, order } = latents!
      for (const list of [lambda, loudness, order.lambda, order.rho]) assert.equal(list.length, names.length)
      for (const [by, values] of [
        ['lambda', lambda],
        ['rho', latents!.rho],
      ] as const) {
        const sorted = order[by].map((i) => values[i]!)
        assert.deepEqual(
          sorted,
          values.toSorted((a, b) => b - a),
        )
      }
    })
  }

  it('loud factors come first by loudness and last by ρ', async () => {
    const reply = await calls.post('/v1/spectra', { data: families.factors })
    const { latents } = checked<SpectrumView>(SpectrumView, await reply.json())
    const { loudness, order, names } = latents!
    assert.equal(names[loudness.indexOf(Math.max(...loudness))], 'background')
    assert.deepEqual(order.rho, [0, 1, 2, 3])
  })

  it('a ρ above 1 is a 422 that points at it', async () => {
    const reply = await calls.post('/v1/spectra', { data: { ...families.mixing, rho: [2, 1, 1, 1] } })
    assert.equal(reply.status, 422)
    const { errors } = (await reply.json()) as { errors: { pointer: string }[] }
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      ['/data/rho/0'],
    )
  })

  it('a job on nonlinear data is queued, and told that its covariances do not commute', async () => {
    const reply = await calls.post('/v1/jobs', {
      objective: 'mae',
      data: families.mixing,
      model: { kind: 'deep-linear', depth: 2 },
      init: { kind: 'balanced', scale: 0.1 },
      training: { mode: 'sgd', learningRate: 0.01, batchSize: 64, steps: 100 },
    })
    assert.equal(reply.status, 202)
    const { warnings } = (await reply.json()) as { warnings: { code: string }[] }
    assert.ok(warnings.some(({ code }) => code === 'NOT_COMMUTING'))
  })
})
