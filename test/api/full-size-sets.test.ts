import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventMessages } from '../../src/cli/event-messages.ts'
import { watchJob } from '../../src/cli/watch-job.ts'
import { openImageSet } from '../../src/data/images/open-image-set.ts'
import { type DatasetRequest, DatasetView, type ImportProgress } from '../../src/experiment/dataset-view.ts'
import { JobView } from '../../src/experiment/job-view.ts'
import { ResultView, TrajectoryView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { photographPatches } from '../data/import/photograph-patches.ts'
import { needsTensorFlow } from '../engines/recorded.ts'
import { Calls, checked } from './calls.ts'
import { type Service, startService } from './service.ts'

const FASHION = '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz'
const LABELS = '/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz'
const noFashion = existsSync(FASHION)
  ? false
  : 'dataset-fashion-mnist is not installed (apt install dataset-fashion-mnist)'
const SECONDS = 10
const IMAGES = 60_000
const RECORD = 3073 // bytes of an image in CIFAR-10's binary form

/** The examples of docs/datasets.md. */
const spec = (dataset: string, resolution: object, objective: object): ExperimentSpec => ({
  objective: 'mae',
  data: { kind: 'images', dataset, ...resolution, views: { kind: 'noise', nu: 0.1 } },
  model: { kind: 'convolutional', channels: [8, 16], outputs: 32, activation: 'relu' },
  init: { kind: 'orthogonal', scale: 0.5 },
  training: { mode: 'sgd', learningRate: 0.005, batchSize: 64, steps: 2000, clip: 5 },
  measure: { points: 12 },
  ...objective,
})
const toFollow = { objective: 'jepa', loss: { target: { ema: 0.99 }, variance: 10, covariance: 0.4 } }

describe('image sets of full size, from file to accuracy over time', () => {
  let service: Service
  let calls: Calls
  before(async () => {
    service = await startService({ workers: needsTensorFlow.skip ? 0 : 1 })
    calls = new Calls(service.url)
  })
  after(() => service.close())

  /** The processor's time that the API's process has taken, with its threads. */
  async function processorSeconds(): Promise<number> {
    const text = await (await calls.get('/metrics')).text()
    return Number(/^jepalab_api_process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
  }

  /** Imports a file on the server and says what it took; the bound is on the processor's time, since tests share their cores. */
  async function add(order: DatasetRequest, say: (told: string) => void): Promise<DatasetView> {
    const [cpu, start] = [await processorSeconds(), performance.now()]
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
    const asked = { method: 'POST', headers, body: JSON.stringify(order) }
    const fractions: number[] = []
    const ends: { dataset: DatasetView; created: boolean }[] = []
    for await (const { type, data } of eventMessages(await fetch(`${service.url}/v1/datasets`, asked))) {
      assert.notEqual(type, 'problem', JSON.stringify(data))
      if (type === 'progress') fractions.push((data as ImportProgress).fraction)
      else ends.push(data as (typeof ends)[number])
    }
    const [wall, taken] = [(performance.now() - start) / 1000, (await processorSeconds()) - cpu]
    say(`${wall.toFixed(1)} s, ${taken.toFixed(1)} s of processor time`)
    assert.ok(taken < SECONDS, `${taken.toFixed(1)} s of processor time`)
    assert.ok(fractions.length > 20, `progress was told ${fractions.length} times`)
    assert.deepEqual(fractions, fractions.toSorted())
    assert.deepEqual(
      ends.map(({ created }) => created),
      [true],
    )
    return checked<DatasetView>(DatasetView, ends[0]?.dataset)
  }

  /** Trains a convolutional encoder and gives the accuracy of a linear classifier of its representation over time. */
  async function accuracies(asked: ExperimentSpec): Promise<number[]> {
    const { id } = checked<JobView>(JobView, await (await calls.post('/v1/jobs', asked)).json())
    const { state, reason } = await watchJob(service.client, id, () => {})
    assert.equal(state, 'succeeded', JSON.stringify(reason))
    const { probes, engine } = await calls.read<ResultView>(`/v1/jobs/${id}/result`, ResultView)
    const trajectory = await calls.read<TrajectoryView>(`/v1/jobs/${id}/trajectory`, TrajectoryView)
    const series = trajectory.probes!.classes!
    assert.equal(engine, 'tensorflow')
    assert.deepEqual(series.names, ['accuracy'])
    const accuracy = series.values[0]!.map(Number)
    assert.equal(accuracy.length, trajectory.step.length)
    assert.deepEqual([trajectory.step[0], trajectory.step.at(-1)], [0, 2000])
    assert.deepEqual([probes!.classes!.initial[0], probes!.classes!.final[0]], [accuracy[0], accuracy.at(-1)])
    return accuracy
  }

  it('60,000 patches of photographs in CIFAR-10’s binary form are imported in under 10 s', async (t) => {
    const bytes = await photographPatches(IMAGES, 0)
    const path = join(service.home, 'photographs.bin')
    writeFileSync(path, bytes)
    const told = (text: string) => t.diagnostic(text)
    const { classes, spectrum, source } = await add({ path, name: 'photographs' }, told)
    assert.equal(source.format, 'cifar-10')
    assert.equal(spectrum.eigenvalues.length, 256)
    assert.ok(classes!.length === 10 && classes!.every(({ count }) => count > 5500))
    const set = await openImageSet(join(service.home, 'artifacts'), 'photographs')
    assert.deepEqual(set.shape, [IMAGES, 32, 32, 3])
    for (const k of [0, 31_415, IMAGES - 1]) {
      const [image, record] = [set.images(k, 1), bytes.subarray(k * RECORD, (k + 1) * RECORD)]
      assert.equal(set.labels?.[k], record[0])
      image.forEach((value, at) => {
        assert.equal(value, record[1 + 1024 * (at % 3) + Math.floor(at / 3)])
      })
    }
    set.close()
  })

  it(
    'a convolutional encoder by JEPA tells their places better the longer it trains',
    needsTensorFlow,
    async (t) => {
      const accuracy = await accuracies(spec('photographs', { resolution: 16, channels: 3 }, toFollow))
      t.diagnostic(accuracy.map((each) => each.toFixed(3)).join(' '))
      assert.ok(accuracy.at(-1)! > accuracy[0]! + 0.03, `${accuracy[0]} before, ${accuracy.at(-1)} after`)
    },
  )

  it('the 60,000 images of Fashion-MNIST and their labels are imported in under 10 s', {
    skip: noFashion,
  }, async (t) => {
    const order = { path: FASHION, labels: LABELS, name: 'fashion' }
    const { mean, count, height, classes } = await add(order, (text) => t.diagnostic(text))
    assert.deepEqual([count, height, classes?.length], [IMAGES, 28, 10])
    assert.ok(Math.abs(mean[0]! - 72.94) < 0.01, String(mean)) // as its users normalise it: .2860 of 255
  })

  it('one by MAE tells its classes better the longer it trains', {
    skip: noFashion || needsTensorFlow.skip,
  }, async (t) => {
    const accuracy = await accuracies(spec('fashion', { resolution: 14 }, {}))
    t.diagnostic(accuracy.map((each) => each.toFixed(3)).join(' '))
    assert.ok(accuracy.at(-1)! > accuracy[0]! + 0.03, `${accuracy[0]} before, ${accuracy.at(-1)} after`)
  })
})
