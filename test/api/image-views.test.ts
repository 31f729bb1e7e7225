import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { watchJob } from '../../src/cli/watch-job.ts'
import type { ImagesSpec, ImageViews } from '../../src/experiment/image-spec.ts'
import { JobView } from '../../src/experiment/job-view.ts'
import { ResultView, SpectrumView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { npy, npz, randomBytes } from '../data/image-files.ts'
import { netSpec } from '../engines/nets.ts'
import { needsTensorFlow } from '../engines/recorded.ts'
import { Calls, checked } from './calls.ts'
import { type Service, startService } from './service.ts'

const [count, side, channels] = [200, 8, 3]

describe('views of images over HTTP', () => {
  let service: Service
  let calls: Calls
  before(async () => {
    service = await startService({ workers: 1 })
    calls = new Calls(service.url)
    const pixels = randomBytes(count, side, side * channels)
    const sent = await fetch(`${service.url}/v1/datasets?name=colours`, {
      method: 'POST',
      body: Buffer.from(npz({ images: npy('|u1', [count, side, side, channels], pixels) })),
      headers: { 'content-type': 'application/octet-stream' },
    })
    assert.equal(sent.status, 201, await sent.clone().text())
  })
  after(() => service.close())

  const images = (views: ImageViews, change: Partial<ImagesSpec> = {}): ImagesSpec => {
    return { kind: 'images', dataset: 'colours', resolution: 4, views, ...change }
  }
  const linear = (data: ImagesSpec, training: ExperimentSpec['training']): ExperimentSpec => ({
    objective: 'mae',
    data,
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'balanced', scale: 0.1 },
    training,
    measure: { points: 20 },
  })

  async function run(spec: ExperimentSpec): Promise<ResultView> {
    const posted = await calls.post('/v1/jobs', spec)
    assert.equal(posted.status, 202, await posted.clone().text())
    const { id } = checked<JobView>(JobView, await posted.json())
    const job = await watchJob(service.client, id, () => {})
    assert.equal(job.state, 'succeeded', JSON.stringify(job.reason))
    return calls.read<ResultView>(`/v1/jobs/${id}/result`, ResultView)
  }

  it('half of the images mirrored: what is symmetric has ρ 1 and the rest 0, and a linear model learns that alone', async () => {
    const posted = await calls.post('/v1/spectra', { data: images({ kind: 'flip' }) })
    const { rho, commutator, asymmetry } = checked<SpectrumView>(SpectrumView, await posted.json())
    for (const [i, r] of rho.entries()) assert.ok(Math.abs(r - (i < 8 ? 1 : 0)) < 1e-9, `ρ ${i} is ${r}`) // rounding
    assert.ok(commutator < 1e-12 && asymmetry < 1e-12)
    const { features } = await run(linear(images({ kind: 'flip' }), { mode: 'flow', time: 40 }))
    for (const [i, { amplitude }] of features.entries()) {
      const loud = features[i]!.lambda > 0.5
      if (loud) assert.ok(Math.abs(amplitude.final! - 1) < 1e-2, `${i} ends at ${amplitude.final}`)
      if (i >= 8) assert.ok(amplitude.final! <= 0.1, `${i} ends at ${amplitude.final}`)
    }
    assert.ok(features.some(({ lambda }) => lambda > 0.5))
  })

  for (const [name, views] of Object.entries<ImageViews>({
    blocks: { kind: 'block-mask', blocks: 2 },
    'pairs of images': { kind: 'temporal', lag: 3 },
    'a chain of four': {
      kind: 'chain',
      stages: [{ kind: 'temporal' }, { kind: 'crop', size: 3 }, { kind: 'flip' }, { kind: 'noise', nu: 0.1 }],
    },
  })) {
    it(`${name} train a deep linear model by minibatches in colour`, async () => {
      const training = { mode: 'sgd', learningRate: 0.005, batchSize: 32, steps: 500 } as const
      const { features, steps, loss } = await run(linear(images(views, { channels }), training))
      assert.equal(features.length, name === 'a chain of four' ? 27 : 48)
      assert.equal(steps, 500)
      assert.ok(loss.final! < loss.initial!, `the loss went from ${loss.initial} to ${loss.final}`)
    })
  }

  it('a convolutional net sees coloured frames through stages', needsTensorFlow, async () => {
    const stages: Extract<ImageViews, { kind: 'chain' }>['stages'] = [
      { kind: 'temporal', lag: 2 },
      { kind: 'flip' },
      { kind: 'block-mask', context: 0.9, blocks: 1 },
    ]
    const data = images({ kind: 'chain', stages }, { channels, resolution: 8 })
    const model: ExperimentSpec['model'] = {
      ...{ kind: 'convolutional', channels: [4, 6], activation: 'relu', outputs: 8 },
    }
    const { steps } = await run(netSpec({ data, model }))
    assert.equal(steps, 60)
  })

  it('stages that cannot follow each other, and channels that are not there, are refused before they are queued', async () => {
    const refusals: [ImagesSpec, number, string][] = [
      [
        images({ kind: 'chain', stages: [{ kind: 'flip' }, { kind: 'temporal' }] }),
        422,
        '/data/views/stages/1/kind',
      ],
      [images({ kind: 'temporal', lag: 70 }), 422, '/data/views/lag'],
      [images({ kind: 'flip' }, { channels: 4 }), 422, '/data/channels'],
      [images({ kind: 'flip', probability: 2 }), 400, '/data/views/probability'],
    ]
    for (const [data, status, pointer] of refusals) {
      for (const spec of [netSpec({ data }), linear(data, { mode: 'flow', time: 1 })]) {
        const posted = await calls.post('/v1/jobs', spec)
        const { errors } = (await posted.json()) as { errors: { pointer: string }[] }
        assert.deepEqual([posted.status, errors.map((each) => each.pointer)], [status, [pointer]])
      }
    }
  })
})
