import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { netSpec, printOf, scenes, trainNet, trainNets } from './nets.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

const sgd = { mode: 'sgd', learningRate: 0.05, batchSize: 16, steps: 60 } as const
const convolutional: Extract<ExperimentSpec['model'], { kind: 'convolutional' }> = {
  ...{ kind: 'convolutional', channels: [4, 6], activation: 'relu', outputs: 8 },
}

const shapes: readonly [string, Partial<ExperimentSpec>][] = [
  ['an MLP', {}],
  ['an MLP of a list of Gaussian features', { data: { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 0.9] } }],
  [
    'layer norm, gelu and heads of hidden layers',
    {
      model: {
        ...{ kind: 'mlp', depth: 2, width: 12, activation: 'gelu', norm: 'layer' },
        predictor: { kind: 'mlp', width: 10, depth: 1 },
        decoder: { kind: 'mlp', width: 10, depth: 1 },
      },
    },
  ],
  ['an EMA target and spread', { loss: { target: { ema: 0.95 }, variance: 0.1, covariance: 0.01 } }],
  [
    'momentum, decay, clipping and a warm-up',
    {
      training: {
        ...sgd,
        momentum: 0.9,
        weightDecay: 1e-3,
        clip: 1,
        schedule: { kind: 'cosine', warmup: 10 },
      },
    },
  ],
  ['AdamW', { training: { ...sgd, learningRate: 1e-3, optimizer: { kind: 'adamw' }, weightDecay: 0.01 } }],
  ['float32', { training: { ...sgd, precision: 'float32' } }],
  [
    'a stored set',
    { data: { kind: 'nonlinear', family: 'hierarchical', lambda: [1, 1], rho: [0.9, 0.5], samples: 64 } },
  ],
  ['convolutions', { data: scenes, model: convolutional }],
  [
    'batch norm before an EMA target',
    { data: scenes, model: { ...convolutional, norm: 'batch' }, loss: { target: { ema: 0.9 } } },
  ],
  ['noisy digits', { data: digits({ kind: 'noise', nu: 0.5 }), model: convolutional }],
  [
    'masked digits',
    { data: digits({ kind: 'pixel-mask', keep: 0.5, target: 'full' }), loss: { pixels: 'masked' } },
  ],
  ['windows of digits', { data: digits({ kind: 'crop', size: 5 }) }],
  [
    'the next digit, cropped, mirrored and behind blocks',
    {
      data: digits({
        kind: 'chain',
        stages: [{ kind: 'temporal' }, { kind: 'crop', size: 6 }, { kind: 'flip' }, { kind: 'block-mask' }],
      }),
      model: convolutional,
    },
  ],
  ['noise of the digits’ own shape', { data: digits({ kind: 'noise', nu: 0.5, power: 2 }) }],
  [
    'convolutions with batch norm',
    { data: scenes, model: { ...convolutional, norm: 'batch', residual: true } },
  ],
  [
    'averages and a transposed decoder',
    {
      data: scenes,
      model: { ...convolutional, pooling: 'average', norm: 'layer', decoder: { kind: 'transposed' } },
      init: { kind: 'orthogonal', scale: 0.5 },
      training: { ...sgd, learningRate: 0.005 },
    },
  ],
  [
    'masked pixels',
    {
      data: {
        kind: 'pixel-mask',
        C: [
          [1, 0.5],
          [0.5, 1],
        ],
        keep: 0.5,
        target: 'full',
      },
      loss: { pixels: 'masked' },
    },
  ],
]

function digits(views: Extract<ExperimentSpec['data'], { kind: 'images' }>['views']): ExperimentSpec['data'] {
  return { kind: 'images', dataset: 'mnist', resolution: 8, limit: 200, views }
}

describe('nets on tensorflow', needsTensorFlow, async () => {
  if (needsTensorFlow.skip) return
  const engine = await openTensorFlowEngine('cpu')
  const tf = await tensors()

  for (const [title, change] of shapes) {
    for (const objective of ['jepa', 'mae'] as const) {
      it(`${objective}: ${title} trains to the end, with the same numbers in a cohort as alone`, async () => {
        const spec = netSpec({ objective, ...change })
        const alone = await trainNet(engine, spec)
        assert.equal(alone.message, null)
        assert.equal(alone.steps, 60)
        assert.ok(alone.measurements.loss.every(Number.isFinite))
        assert.ok(Object.values(alone.weights).every(({ data }) => data.every(Number.isFinite)))
        const training = { ...(spec.training as typeof sgd), learningRate: 0.002 }
        const other = { ...spec, seed: 7, training }
        const together = await trainNets(engine, [other, spec, other])
        const prints = together.map((end) =>
          end.status === 'fulfilled' ? printOf(end.value) : String(end.reason),
        )
        assert.equal(prints[1], printOf(alone))
        assert.equal(prints[0], prints[2])
        assert.notEqual(prints[0], prints[1])
      })
    }
  }

  it('a run longer than what is fed at once has the numbers of its batches, however they are cut', async () => {
    const long = netSpec({ training: { ...sgd, batchSize: 2, steps: 2600 }, measure: { points: 3 } })
    const [rare, often] = [
      await trainNet(engine, long),
      await trainNet(engine, { ...long, measure: { points: 50 } }),
    ]
    assert.deepEqual(rare.weights, often.weights)
  })

  it('a linear classifier names more digits once they were learned', async () => {
    const data = { ...digits({ kind: 'noise', nu: 0.5 }), limit: 2000 } as ExperimentSpec['data']
    const training = { ...sgd, learningRate: 2e-3, steps: 600 }
    const { measurements } = await trainNet(
      engine,
      netSpec({ objective: 'mae', data, model: convolutional, training }),
    )
    const [accuracy] = measurements.probes!.classes!.values
    assert.ok(accuracy!.at(-1)! > accuracy![0]! + 0.1, `from ${accuracy![0]} to ${accuracy!.at(-1)}`)
  })

  it('mae learns: its loss falls and its latents are found', async () => {
    const { measurements } = await trainNet(
      engine,
      netSpec({ objective: 'mae', training: { ...sgd, steps: 600 } }),
    )
    const { loss, amplitudes } = measurements
    assert.ok(loss.at(-1)! < 0.9 * loss[0]!, `the loss went from ${loss[0]} to ${loss.at(-1)}`)
    assert.ok(amplitudes.some((each) => each.at(-1)! > each[0]!))
    assert.equal(amplitudes.length, 4)
  })

  it('the loss of a net that is next to nothing is half of the variance of y', async () => {
    // The latents' variances are λ/ρ, and a mixing keeps their sum.
    const spec = netSpec({ objective: 'mae', init: { kind: 'gaussian', scale: 1e-9 } })
    const { measurements } = await trainNet(engine, spec)
    const expected = (1 / 0.3 + 1 / 0.5 + 1 / 0.7 + 1 / 0.9) / 2
    assert.ok(
      Math.abs(measurements.loss[0]! / expected - 1) < 0.15,
      `${measurements.loss[0]}, theory ${expected}`,
    ) // 1,024 samples
  })

  it('a run that diverges ends with what was measured, and its neighbours are none the worse', async () => {
    const wild = netSpec({ objective: 'mae', training: { ...sgd, learningRate: 1e6 } })
    const [end, next] = await trainNets(engine, [wild, netSpec()])
    assert.ok(end?.status === 'fulfilled' && next?.status === 'fulfilled')
    assert.equal(end.value.outcome, 'diverged')
    assert.match(end.value.message ?? '', /^The loss was (NaN|Infinity) at step \d+/)
    assert.ok(end.value.measurements.loss.length >= 1 && end.value.steps < 60)
    assert.equal(printOf(next.value), printOf(await trainNet(engine, netSpec())))
  })

  it('a run is cancelled in the midst of it, and the next one trains', async () => {
    const abort = new AbortController()
    const endless = netSpec({ training: { ...sgd, steps: 1e8 } })
    const report = ({ step }: { step: number }) => step > 100 && abort.abort()
    const [end, next] = await trainNets(engine, [endless, netSpec()], (r) =>
      r === 0 ? { signal: abort.signal, report } : {},
    )
    assert.equal(end?.status, 'rejected')
    assert.equal(next?.status, 'fulfilled')
  })

  it('runs leave no tensors behind', async () => {
    await trainNets(engine, [
      netSpec(),
      netSpec({ data: scenes, model: { ...convolutional, norm: 'batch' } }),
    ])
    await new Promise((resolve) => setImmediate(resolve))
    const before = tf.memory().numTensors
    const native = nativeTensors()
    await trainNets(engine, [
      netSpec(),
      netSpec({ data: scenes, model: { ...convolutional, norm: 'batch' } }),
    ])
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(tf.memory().numTensors, before)
    assert.equal(nativeTensors(), native)
  })

  function nativeTensors(): number {
    return (tf.backend() as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors()
  }
})
