import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openProblem } from '../../src/data/open-problem.ts'
import type { Problem } from '../../src/data/problem.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { hasKernels } from '../../workers/engines/tensorflow/kernels/available.ts'
import type { TrainedRun } from '../../workers/run-cohort.ts'
import { netSpec, printOf, scenes, trainNet, trainNets } from './nets.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

/** Odd sizes: nothing of a run lies where a processor's wide numbers begin. */
const sgd = { mode: 'sgd', learningRate: 0.02, batchSize: 5, steps: 12 } as const
const small = { kind: 'mlp', depth: 2, width: 7, outputs: 3, activation: 'tanh' } as const
const convolutions: Extract<ExperimentSpec['model'], { kind: 'convolutional' }> = {
  ...{ kind: 'convolutional', channels: [3, 5], outputs: 3, activation: 'relu' },
}
const measure = { points: 3 }

const shapes: readonly [string, Partial<ExperimentSpec>][] = [
  ['tanh', { model: small }],
  ['gelu before layer norm', { model: { ...small, activation: 'gelu', norm: 'layer' } }],
  ['an EMA target', { model: small, loss: { target: { ema: 0.9 } } }],
  ['variance and covariance', { model: small, loss: { variance: 0.3, covariance: 0.1 } }],
  [
    'a clipped gradient',
    { model: small, training: { ...sgd, clip: 0.05, momentum: 0.9, weightDecay: 0.01 } },
  ],
  ['Adam', { model: small, training: { ...sgd, learningRate: 1e-3, optimizer: { kind: 'adam' } } }],
  ['float32', { model: small, training: { ...sgd, precision: 'float32', schedule: 'cosine' } }],
  ['convolutions', { data: scenes, model: convolutions }],
  [
    'convolutions with batch norm and skips',
    {
      data: scenes,
      model: { ...convolutions, norm: 'batch', residual: true, pooling: 'average', activation: 'tanh' },
    },
  ],
  [
    'a transposed decoder behind layer norm',
    {
      objective: 'mae',
      data: scenes,
      model: { ...convolutions, norm: 'layer', decoder: { kind: 'transposed' } },
    },
  ],
]

const lambda = [1, 0.7, 0.4]
const rho = [0.3, 0.5, 0.9]
const digits = { kind: 'images', dataset: 'mnist', resolution: 6, limit: 60 } as const
const kinds: readonly [string, ExperimentSpec['data']][] = [
  ['mixings with noise', { kind: 'nonlinear', family: 'mixing', lambda, rho, dimension: 5, noise: 0.1 }],
  ['trees', { kind: 'nonlinear', family: 'hierarchical', lambda, rho, branching: 3, channels: 3 }],
  [
    'scenes with gratings',
    { ...scenes, factors: ['size', 'texture-phase', 'brightness'], size: 11 } as never,
  ],
  ['Gaussian pairs', { kind: 'gaussian', lambda, rho, rotation: { kind: 'haar', seed: 1 } }],
  ['masked digits', { ...digits, views: { kind: 'pixel-mask', keep: 0.6 } }],
  [
    'digits cropped, flipped, noisy and behind blocks',
    {
      ...digits,
      views: {
        kind: 'chain',
        stages: [
          { kind: 'crop', size: 5 },
          { kind: 'flip' },
          { kind: 'noise', nu: 0.3 },
          { kind: 'block-mask', blocks: 2 },
        ],
      },
    },
  ],
  ['a stored set', { kind: 'nonlinear', family: 'mixing', lambda, rho, samples: 40 }],
  ['masked features, which are fed', { kind: 'feature-mask', alpha: [1, 2, 3], keep: [0.5, 0.5, 0.7] }],
]

/** The same law with other numbers, where it has some. */
function changed(data: ExperimentSpec['data']): ExperimentSpec['data'] {
  if ('lambda' in data) return { ...data, lambda: data.lambda.map((l) => l * 0.9) } as never
  return data
}

describe('cohorts of nets', needsTensorFlow, async () => {
  if (needsTensorFlow.skip) return
  const engine = await openTensorFlowEngine('cpu')
  const tf = await tensors()
  const needsKernels = { skip: !hasKernels(tf) && 'the bits of cohorts are those of our own operations' }

  /** Runs that differ in all that runs of one cohort may differ in. */
  const runsOf = (change: Partial<ExperimentSpec>): ExperimentSpec[] => {
    const base = netSpec({ training: sgd, measure, ...change })
    return Array.from({ length: 7 }, (_, r): ExperimentSpec => {
      const training = { ...(base.training as typeof sgd), learningRate: 0.002 * (r + 1) }
      const data = r % 2 === 0 ? base.data : changed(base.data)
      return {
        ...base,
        data,
        training,
        seed: 2 ** 33 * (r % 3) + r,
        init: { kind: 'gaussian', scale: 0.1 * (r + 1) },
      }
    })
  }
  const base = netSpec()
  const printsOf = (ends: readonly PromiseSettledResult<TrainedRun>[]) =>
    ends.map((end) => (end.status === 'fulfilled' ? printOf(end.value) : String(end.reason)))

  const holds = async (specs: readonly ExperimentSpec[]) => {
    const alone: string[] = []
    for (const spec of specs) alone.push(printOf(await trainNet(engine, spec)))
    assert.equal(new Set(alone).size, specs.length)
    assert.deepEqual(printsOf(await trainNets(engine, specs)), alone)
    const order = [5, 2, 6, 0, 3, 1, 4]
    const shuffled = printsOf(
      await trainNets(
        engine,
        order.map((r) => specs[r]!),
      ),
    )
    assert.deepEqual(
      shuffled,
      order.map((r) => alone[r]),
    )
    assert.deepEqual(printsOf(await trainNets(engine, specs.slice(2, 5))), alone.slice(2, 5))
  }

  for (const [title, change] of shapes) {
    it(
      `${title}: a run has the bits that it has alone, among three and among seven in any order`,
      needsKernels,
      () => holds(runsOf(change)),
    )
  }
  for (const [title, data] of kinds) {
    it(`${title}: each run draws what it draws alone`, needsKernels, () =>
      holds(runsOf({ data, model: small })),
    )
  }

  it('runs on data that are drawn otherwise train apart', needsKernels, async () => {
    const law = { kind: 'nonlinear', family: 'mixing', lambda, rho, dimension: 5 } as const
    const others = [{}, { noise: 0.3 }, { layers: 1 }, { lambda: [1, 0.5], rho: [0.4, 0.8] }, { slope: 0.5 }]
    const specs = others.map((other) =>
      netSpec({ training: sgd, measure, model: small, data: { ...law, ...other } }),
    )
    const alone: string[] = []
    for (const spec of specs) alone.push(printOf(await trainNet(engine, spec)))
    assert.deepEqual(printsOf(await trainNets(engine, specs)), alone)
  })

  it(
    'runs of other lengths and points, one that diverges and one that is cancelled leave the others as they are',
    needsKernels,
    async () => {
      const specs = runsOf({ model: small, objective: 'mae' })
      specs[1] = { ...specs[1]!, training: { ...sgd, learningRate: 1e5 } }
      specs[2] = { ...specs[2]!, training: { ...sgd, steps: 40 }, measure: { points: 9 } }
      specs[4] = { ...specs[4]!, training: { ...sgd, steps: 5 } }
      const abort = new AbortController()
      const cancels = {
        signal: abort.signal,
        report: ({ step }: { step: number }) => step > 0 && abort.abort(),
      }
      const ends = await trainNets(engine, specs, (r) => (r === 3 ? (cancels as never) : {}))
      assert.equal(ends[3]?.status, 'rejected')
      for (const [r, spec] of specs.entries()) {
        if (r === 3) continue
        const alone = await trainNet(engine, spec)
        const end = ends[r]!
        assert.ok(end.status === 'fulfilled')
        assert.deepEqual({ ...end.value, wallSeconds: 0 }, { ...alone, wallSeconds: 0 })
        assert.equal(alone.outcome, r === 1 ? 'diverged' : 'succeeded')
      }
    },
  )

  for (const [title, data] of [
    ['drawn in the step', base.data],
    ['fed', kinds.at(-1)![1]],
  ] as const) {
    it(`what is left of a batch goes on by itself, on data that are ${title}`, needsKernels, async () => {
      const long = { ...sgd, steps: 32_000, learningRate: 1e-3 }
      const specs = runsOf({ data, model: small }).slice(0, 5)
      for (const r of [1, 3]) specs[r] = { ...specs[r]!, training: { ...long, steps: long.steps - 1000 * r } }
      const ends = await trainNets(engine, specs)
      for (const r of [0, 1, 3]) assert.equal(printsOf(ends)[r], printOf(await trainNet(engine, specs[r]!)))
    })
  }

  it('a sampler that fails ends its own run alone', async () => {
    const specs = runsOf({ data: { kind: 'feature-mask', alpha: [1, 2], keep: [0.5, 0.5] }, model: small })
    const problem = await openProblem(specs[1]!.data)
    const fails = () => {
      throw new RangeError('no batch')
    }
    const broken: Problem = {
      ...{ features: problem.features, moments: problem.moments, spectrum: problem.spectrum },
      sampler: (seed) => ({
        draw: (step, rows) => (step === 7 ? fails() : problem.sampler(seed).draw(step, rows)),
      }),
    }
    const ends = await trainNets(engine, specs.slice(0, 3), (r) => (r === 1 ? { problem: broken } : {}))
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  })
})
