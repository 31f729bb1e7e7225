import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { normals } from '../../src/data/normal.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import {
  type Batch,
  CODE,
  FORM,
  LAYOUT,
  MODE,
  OBJECTIVE,
  PRECISION,
  STATUS,
} from '../../workers/engines/lanes/batch.ts'
import { type LanesName, lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { makeBatch } from './lanes-trial.ts'

const { lanes, failures } = readInstallation()
const missing = lanes === null ? `not here: ${failures.lanes?.fact ?? 'not built'}` : false

/** Two whole groups of sixteen and some; the last braid of four has one run. */
const RUNS = 37
const D = 16
/** So far into a run, the next look is a hundred updates away. */
const FIRST = 100_000
const UPDATES = 230

interface Shape {
  readonly objective: keyof typeof OBJECTIVE
  readonly precision: 'compensated' | 'float32'
  readonly depth: number
  /** Of the weights: tiny ones underflow in the products, whose zeros then have signs. */
  readonly scale: number
  readonly layout: keyof typeof LAYOUT
  /** Whether run 5 does. */
  readonly diverges: boolean
}

function sgdBatch(shape: Shape, budget: number): Batch {
  const { objective, precision, depth, scale, layout, diverges } = shape
  const each = (from: number, by: number) =>
    Float64Array.from({ length: RUNS * D }, (_, i) => from + by * ((i * 37) % 11))
  const count = RUNS * (depth + 1) * D * D
  const base = makeBatch(RUNS, FIRST + UPDATES, budget)
  return {
    ...base,
    objective: OBJECTIVE[objective],
    mode: MODE.moments,
    form: FORM.diagonal,
    precision: PRECISION[precision],
    layout: LAYOUT[layout],
    ...{ threads: 2, depth, features: D, width: D, rows: 20, points: 0, capacity: 4 * D },
    ...{ sxx: each(0.5, 0.1), syx: each(0.2, 0.05), syy: new Float64Array(RUNS * D * D).fill(1) },
    ...{ slope: each(0.3, 0.06), noise: each(0.1, 0.02), directions: null, momentum: null, velocity: null },
    seed: BigInt64Array.from({ length: RUNS }, (_, run) => 2n ** 40n + BigInt(run)),
    rate: Float64Array.from({ length: RUNS }, (_, run) => (diverges && run === 5 ? 1e9 : 0.01 + run * 1e-4)),
    end: Float64Array.from({ length: RUNS }, (_, run) => FIRST + UPDATES - (run % 3)),
    weights: normals(count, { seed: 3, stream: 77, step: depth }).map((x) => x * scale),
    carry: precision === 'compensated' ? new Float64Array(count) : null,
    step: new BigInt64Array(RUNS).fill(BigInt(FIRST)),
    ladder: new Float64Array(base.rungs).fill(1e30),
    ...{ above: new Int32Array(RUNS * D), below: new Int32Array(RUNS * D).fill(-1) },
    ...{ looked: new Float64Array(RUNS * D), lookedAt: new Float64Array(RUNS).fill(FIRST) },
    passage: new Float64Array(RUNS * 4 * D * 4),
  }
}

/** What is left of a batch that calls of `budget` updates have taken to its end. */
async function trained(name: LanesName, shape: Shape, budget: number) {
  const batch = sgdBatch(shape, budget)
  while (batch.status.some((status) => status === STATUS.going)) {
    assert.equal(await openLanes(name).run(batch), CODE.ok)
  }
  const { weights, carry, step, status, lost, looked } = batch
  const bits = (values: Float64Array | null) => values && new BigInt64Array(values.buffer)
  return { weights: bits(weights), carry: bits(carry), step, status, lost: bits(lost), looked: bits(looked) }
}

describe('sgd in law far into runs of width 16', { skip: missing }, () => {
  for (const name of missing ? [] : lanesHere().filter((name) => name !== 'cuda' && name !== 'portable')) {
    for (const objective of ['jepa', 'mae'] as const) {
      for (const precision of ['compensated', 'float32'] as const) {
        it(`${name}, ${objective}, ${precision}: has the same bits in each layout and in calls of seven updates`, async () => {
          for (const depth of [1, 3]) {
            for (const scale of [0.2, 1e-13, 1e-22]) {
              const what = `depth ${depth}, scale ${scale}`
              const shape = { objective, precision, depth, scale, layout: 'auto', diverges: true } as const
              const found = await trained(name, shape, UPDATES)
              if (scale > 0.1) assert.equal(found.status[5], STATUS.lost)
              assert.ok(found.status.every((status, run) => run === 5 || status === STATUS.done))
              for (const layout of ['lanes', 'matrix'] as const)
                assert.deepEqual(
                  await trained(name, { ...shape, layout }, UPDATES),
                  found,
                  `${what}, ${layout}`,
                )
              const healthy = { ...shape, diverges: false }
              assert.deepEqual(
                await trained(name, healthy, 7),
                await trained(name, healthy, UPDATES),
                `${what}, in short calls`,
              )
            }
          }
        })
      }
    }
  }
})
