import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readInstallation } from '../../src/experiment/installation.ts'
import { type Batch, CODE, FORM, PRECISION, STATUS } from '../../workers/engines/lanes/batch.ts'
import { ACTIVATION, type MlpBatch } from '../../workers/engines/lanes/mlp-batch.ts'
import { lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { ENDLESS, makeBatch } from './lanes-trial.ts'

const { lanes, failures } = readInstallation()
const reason = failures.lanes?.fact ?? 'not built'
const names = lanes === null ? [] : lanesHere().filter((name) => name !== 'cuda')

describe('the lanes kernels', { skip: lanes === null ? `not here: ${reason}` : false }, () => {
  for (const name of names) {
    const library = openLanes(name)

    it(`${name} trains and learns: the loss of each run falls`, async () => {
      const batch = makeSmall(5, 200)
      assert.equal(await library.run(batch), CODE.ok)
      assert.deepEqual([...batch.status], Array(5).fill(STATUS.done))
      assert.deepEqual([...batch.step], Array(5).fill(200n))
      for (let run = 0; run < 5; run++) {
        const [start, end] = [0, 1].map((point) => batch.row[(run * 2 + point) * 4]!)
        assert.ok(end! < 0.9 * start!, `run ${run} goes from ${start} to ${end}`)
      }
    })

    it(`${name} trains to the bits of ${names[0]}`, async () => {
      const [mine, first] = [makeSmall(7, 100), makeSmall(7, 100)]
      await Promise.all([library.run(mine), openLanes(names[0]).run(first)])
      assert.deepEqual(mine, first)
    })

    it(`${name} stops soon after cancel is set`, async () => {
      const batch = makeSmall(64, ENDLESS)
      const call = library.run(batch)
      await sleep(20)
      batch.cancel![0] = 1
      const start = performance.now()
      assert.equal(await call, CODE.cancelled)
      const ms = performance.now() - start
      assert.ok(ms < 1_000, `it went on for ${ms.toFixed(0)} ms`)
      assert.ok(batch.step.some((step) => step > 0n))
    })

    it(`${name} refuses a shape past the limits and touches nothing`, async () => {
      const batch = { ...makeSmall(1, 10), depth: 9 }
      await assert.rejects(library.run(batch), { name: 'LanesFault', code: CODE.badShape })
      assert.deepEqual(batch.weights, makeSmall(1, 10).weights)
    })

    it(`${name} trains small perceptrons, and refuses what is short by its name`, async () => {
      const batch = makePerceptrons(3, 300, library.mlpWeights)
      assert.equal(await library.runMlp(batch), CODE.ok)
      for (let run = 0; run < 3; run++) {
        const [first, last] = [batch.loss![run * 300]!, batch.loss![run * 300 + 299]!]
        assert.ok(last < 0.5 * first, `run ${run} goes from ${first} to ${last}`)
      }
      const short = { ...batch, x: batch.x.slice(1) }
      await assert.rejects(library.runMlp(short), {
        message: /^x has 255 elements; 256 are needed for 3 runs/,
      })
      await assert.rejects(library.runMlp({ ...batch, width: [4] }), {
        message: /^width has 1 elements; 3 are/,
      })
      await assert.rejects(library.runMlp({ ...batch, activation: 7 as never }), { code: CODE.badMode })
    })
  }
})

/** JEPA, depth 2, three features in four, a start of unequal weights; rows at the start and the end. */
function makeSmall(runs: number, steps: number): Batch {
  const batch = { ...makeBatch(runs, steps), form: FORM.diagonal, slope: null, noise: null, momentum: null }
  batch.weights.forEach((_, index) => {
    batch.weights[index] = 0.3 + 0.2 * Math.sin(index)
  })
  for (let run = 0; run < runs; run++) {
    batch.sxx.set([1, 0.8, 0.6], 3 * run)
    batch.syx.set([0.9, 0.5, 0.2], 3 * run)
    batch.syy!.set([1, 0, 0, 0, 1, 0, 0, 0, 1], 9 * run)
    batch.directions!.set([1, 0, 0, 0, 1, 0, 0, 0, 1], 9 * run)
    batch.rate![run] = 0.02 + 0.001 * run
    batch.point.set([0, steps], 2 * run)
  }
  batch.ladder.set([0.01, 0.03, 0.1, 0.3, 1, 3])
  return batch
}

/** MAE of x on itself through 4-8-4 with tanh, 64 samples. */
function makePerceptrons(runs: number, steps: number, count: (batch: MlpBatch) => number): MlpBatch {
  const x = Float32Array.from({ length: 64 * 4 }, (_, index) => Math.sin(1 + 0.7 * index * index))
  const sizes = {
    objective: 1,
    activation: ACTIVATION.tanh,
    linearTop: 0,
    bias: 1,
    precision: PRECISION.compensated,
    threads: 2,
    runs,
    layers: 2,
    width: [4, 8, 8],
    outputs: 4,
    rows: 16,
    ownData: 0,
    samples: 64,
    budget: steps,
  } as const
  const empty = {} as MlpBatch
  const weights = runs * count({ ...empty, ...sizes })
  return {
    ...sizes,
    x,
    y: x,
    seed: BigInt64Array.from({ length: runs }, (_, run) => BigInt(run)),
    rate: new Float64Array(runs).fill(0.1),
    end: new BigInt64Array(runs).fill(BigInt(steps)),
    weights: Float64Array.from({ length: weights }, (_, index) => 0.5 * Math.sin(3 * index)),
    carry: new Float64Array(weights),
    step: new BigInt64Array(runs),
    loss: new Float64Array(runs * steps),
    status: new Int32Array(runs),
    lost: new Float64Array(2 * runs),
    cancel: null,
  }
}
