import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/artifacts/checkpoint.ts'
import type { Progress } from '../../src/experiment/job-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Keeper } from '../../workers/engines/engine.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { hasKernels } from '../../workers/engines/tensorflow/kernels/available.ts'
import type { Member, TrainedRun } from '../../workers/run-cohort.ts'
import { netSpec, scenes, trainNet, trainNets } from './nets.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

const sgd = { mode: 'sgd', learningRate: 0.02, batchSize: 5, steps: 60 } as const
const small = { kind: 'mlp', depth: 2, width: 7, outputs: 3, activation: 'tanh' } as const
const cases: readonly [string, Partial<ExperimentSpec>][] = [
  ['compensated sgd with momentum', { training: { ...sgd, momentum: 0.9, weightDecay: 0.01 } }],
  [
    'Adam on a cosine',
    { training: { ...sgd, learningRate: 1e-3, schedule: 'cosine', optimizer: { kind: 'adam' } } },
  ],
  ['an EMA target', { loss: { target: { ema: 0.9 } } }],
  ['data that are fed', { data: { kind: 'feature-mask', alpha: [1, 2, 3], keep: [0.5, 0.5, 0.7] } }],
  [
    'moving moments',
    {
      data: scenes,
      model: { kind: 'convolutional', channels: [3, 5], outputs: 3, activation: 'relu', norm: 'batch' },
    },
  ],
]

const measure = { points: 6, schedule: 'linear' } as const
const maker = { engine: 'tensorflow' }

describe('nets that go on from a checkpoint', needsTensorFlow, async () => {
  if (needsTensorFlow.skip) return
  const engine = await openTensorFlowEngine('cpu')
  const needsKernels = {
    skip: !hasKernels(await tensors()) && 'a batch has the bits of each run with our own operations',
  }
  let root = ''
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'jepalab-checkpoints-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  const keeperOf = (change: Partial<Keeper<Checkpoint>>): Keeper<Checkpoint> => ({
    kept: null,
    everyMs: 1e9,
    leaving: new AbortController().signal,
    keep: async () => {},
    refuse: (why) => assert.fail(why),
    ...change,
  })

  /** The checkpoint of a run whose process leaves at a step or soon behind it, through its file. */
  const keptAt = async (spec: ExperimentSpec, step: number): Promise<Checkpoint> => {
    const key = { id: 'rkept', attempt: 1 }
    const [leave, abort] = [new AbortController(), new AbortController()]
    const keep = async (at: Checkpoint) => {
      await writeCheckpoint(root, key, maker, at)
      abort.abort()
    }
    let time = 0
    const hands: Partial<Member> = {
      signal: abort.signal,
      keeper: keeperOf({ keep, leaving: leave.signal }),
      report: (at) => at.step >= step && leave.abort(),
      now: () => (time += 1000), // it reports at each pause
    }
    const [end] = await trainNets(engine, [spec], () => hands)
    assert.equal(end?.status, 'rejected')
    const kept = await readCheckpoint(root, key, maker)
    assert.ok(kept !== null && kept.step >= step && kept.step < sgd.steps, `kept at ${kept?.step}`)
    return kept
  }

  const same = (end: PromiseSettledResult<TrainedRun> | undefined, whole: TrainedRun) => {
    assert.equal(end?.status, 'fulfilled')
    assert.deepEqual({ ...end.value, wallSeconds: 0 }, { ...whole, wallSeconds: 0 })
  }

  for (const [title, change] of cases) {
    it(`${title}: a run that is taken up in the middle ends as if it had never stopped`, async () => {
      const spec = netSpec({ model: small, training: sgd, measure, ...change })
      const whole = await trainNet(engine, spec)
      const kept = await keptAt(spec, 20)
      const told: Progress[] = []
      const hands: Partial<Member> = { keeper: keeperOf({ kept }), report: (at) => void told.push(at) }
      const [end] = await trainNets(engine, [spec], () => hands)
      same(end, whole)
      assert.deepEqual([told[0]?.step, told[0]?.etaSeconds], [kept.step, null])
      assert.ok(end?.status === 'fulfilled' && end.value.wallSeconds > kept.wallSeconds)
    })
  }

  it(
    'runs of a cohort go on from different steps, beside one that begins and one that diverges',
    needsKernels,
    async () => {
      const spec = (seed: number, learningRate = 0.02): ExperimentSpec =>
        netSpec({
          model: small,
          training: { ...sgd, learningRate },
          measure,
          seed,
          objective: 'mae',
        })
      const specs = [spec(0), spec(1), spec(2), spec(3, 1e5), spec(4)]
      const kept = [
        null,
        await keptAt(specs[1]!, 10),
        await keptAt(specs[2]!, 40),
        null,
        await keptAt(specs[4]!, 10),
      ]
      const ends = await trainNets(engine, specs, (r) => ({ keeper: keeperOf({ kept: kept[r]! }) }))
      for (const [r, end] of ends.entries()) same(end, await trainNet(engine, specs[r]!))
      assert.ok(ends[3]?.status === 'fulfilled' && ends[3].value.outcome === 'diverged')
    },
  )

  it('a run that diverges behind its checkpoint ends as the undisturbed one', async () => {
    const spec = netSpec({
      model: small,
      training: { ...sgd, learningRate: 30 },
      measure: { points: 30, schedule: 'linear' },
      objective: 'mae',
    })
    const whole = await trainNet(engine, spec)
    assert.equal(whole.outcome, 'diverged')
    const kept = await keptAt(spec, 1)
    assert.ok(whole.steps > kept.step, `kept at ${kept.step}, diverged at ${whole.steps}`)
    const [end] = await trainNets(engine, [spec], () => ({ keeper: keeperOf({ kept }) }))
    same(end, whole)
  })

  it('what does not have the shape of the run is refused, and the run starts anew', async () => {
    const spec = netSpec({ model: small, training: sgd, measure })
    const kept = await keptAt(netSpec({ model: { ...small, width: 8 }, training: sgd, measure }), 20)
    const refused: string[] = []
    const hands = { keeper: keeperOf({ kept, refuse: (why) => void refused.push(why) }) }
    const [end] = await trainNets(engine, [spec], () => hands)
    same(end, await trainNet(engine, spec))
    assert.equal(refused.length, 1)
  })
})
