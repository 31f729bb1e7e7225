import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  type Batch,
  CODE,
  FORM,
  INTEGRATOR,
  LAYOUT,
  MAX_DEPTH,
  MAX_FEATURES,
  MAX_WIDTH,
  MODE,
  OBJECTIVE,
  PRECISION,
  STATUS,
} from '../../workers/engines/lanes/batch.ts'
import { type LanesLibrary, openLanes } from '../../workers/engines/lanes/native.ts'
import { ENDLESS, hasCompiler, lanesHeader, makeBatch, makeTrial } from './lanes-trial.ts'

const numbers: Readonly<Record<string, number>> = {
  ...OBJECTIVE,
  ...MODE,
  ...FORM,
  ...PRECISION,
  ...LAYOUT,
  ...STATUS,
  ...CODE,
}

describe('the addon over the lanes kernels', { skip: hasCompiler ? false : 'no C++ compiler here' }, () => {
  const trial = makeTrial()
  let library: LanesLibrary
  before(async () => {
    await trial.build()
    library = openLanes('portable', trial.installation())
  })
  after(() => trial.remove())

  it('trains on the arrays it is given and goes on where it stopped', async () => {
    const batch = makeBatch(3, 10, 4)
    batch.rate!.set([1, 2, 3])
    assert.equal(await library.run(batch), CODE.ok)
    assert.deepEqual([...batch.step], [4n, 4n, 4n])
    while (batch.step.some((step) => step < 10n)) await library.run(batch)
    const perRun = batch.weights.length / 3
    assert.deepEqual(
      [0, 1, 2].map((run) => batch.weights[run * perRun]),
      [10, 20, 30],
    )
  })

  it('tells the layout and the weights of a run', () => {
    assert.equal(library.choose(makeBatch(256, 1)), LAYOUT.lanes)
    assert.equal(library.choose(makeBatch(1, 1)), LAYOUT.matrix)
    assert.equal(library.weights(OBJECTIVE.mae, 2, 3, 4), 12 + 16 + 12)
    assert.equal(library.weights(OBJECTIVE.mae, 9, 3, 4), 0)
  })

  it('leaves the event loop free and stops soon after cancel is set', async () => {
    const batch = makeBatch(1, ENDLESS)
    const call = library.run(batch)
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    while (batch.step[0]! === 0n) await sleep(1)
    batch.cancel![0] = 1
    assert.equal(await call, CODE.cancelled)
    assert.ok(batch.weights[0]! > 0)
  })

  it('has more calls at work at once than libuv has threads', async () => {
    const batches = Array.from({ length: 9 }, () => makeBatch(1, ENDLESS))
    const calls = batches.map((batch) => library.run(batch))
    while (batches.some((batch) => batch.step[0] === 0n)) await sleep(1)
    await promisify(execFile)('true') // and the pool is free
    readFileSync(trial.source)
    for (const batch of batches) batch.cancel![0] = 1
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([CODE.cancelled]))
  })

  it('can be cancelled through shared memory', async () => {
    const cancel = new Int32Array(new SharedArrayBuffer(4))
    const call = library.run({ ...makeBatch(1, ENDLESS), cancel })
    Atomics.store(cancel, 0, 1)
    assert.equal(await call, CODE.cancelled)
  })

  it('keeps arrays alive while they are at work, and lets them go afterwards', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const steps: bigint[] = []
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 40; round++) {
      const { weights, ...rest } = makeBatch(1, 50)
      const big = new Float64Array(1 << 19) // 4 MB
      const call = library.run({ ...rest, weights: big })
      gc()
      await call
      steps.push(rest.step[0]!)
    }
    await nextTurn()
    gc()
    await nextTurn()
    assert.deepEqual(new Set(steps), new Set([50n]))
    const held = (process.memoryUsage().arrayBuffers - before) / 1e6
    assert.ok(held < 40, `${held.toFixed(0)} MB are held of the 168 MB that 40 calls were given`)
  })

  it('reads every field that lanes.h has, each by its name', () => {
    const fields = [...structOf(lanesHeader).matchAll(/\*?\b(\w+)(?=[,;])/g)].map(([, name]) =>
      camelCase(name!),
    )
    const ours = fields.filter((name) => name !== 'version' && name !== 'bytes')
    assert.ok(ours.length > 45, `only ${ours.length} fields were found in lanes.h`)
    assert.deepEqual(Object.keys(makeBatch(1, 1)).sort(), ours.sort())
    for (const name of ours) {
      const { [name as keyof Batch]: _, ...rest } = makeBatch(1, 1)
      assert.throws(() => library.choose(rest as Batch), { name: 'TypeError', message: startsWith(name) })
      const wrong = { ...makeBatch(1, 1), [name]: 'seven' }
      assert.throws(() => library.choose(wrong), { name: 'TypeError', message: startsWith(name) })
    }
  })

  it('has the numbers that lanes.h gives to each name', () => {
    const defined = Object.fromEntries(
      [...lanesHeader.matchAll(/#define LANES_(\w+) (\d+)/g)].map(([, name, value]) => [name, Number(value)]),
    )
    assert.deepEqual(defined, { VERSION: 1, MAX_DEPTH, MAX_FEATURES, MAX_WIDTH, INTEGRATOR })
    for (const [, name, value] of lanesHeader.matchAll(/\bLANES_([A-Z_0-9]+) = (\d+)/g)) {
      const found = numbers[camelCase(name!.toLowerCase())]
      assert.equal(found, Number(value), `LANES_${name}`)
    }
  })

  it('refuses an array that is one element short by its name, its length and what is needed', async () => {
    for (const [name, array] of Object.entries(makeBatch(2, 1))) {
      if (typeof array === 'number' || array === null) continue
      const batch = { ...makeBatch(2, 1), [name]: array.slice(1) }
      const told = `${name} has ${array.length - 1} elements; ${array.length} are needed for 2 runs of depth 2`
      await assert.rejects(library.run(batch), { name: 'TypeError', message: startsWith(told) })
    }
    const batch = { ...makeBatch(2, 7), batchSxx: new Float64Array(2 * 7 * 9 - 1) }
    await assert.rejects(library.run(batch), { message: startsWith('batchSxx has 125 elements; 126 are') })
  })

  it('refuses an array whose buffer was transferred', async () => {
    const batch = makeBatch(1, 1)
    structuredClone(batch.weights.buffer, { transfer: [batch.weights.buffer as ArrayBuffer] })
    await assert.rejects(library.run(batch), { name: 'TypeError', message: /^weights is detached/ })
  })

  it('takes lengths past 2^53 for what they are', async () => {
    const batch = { ...makeBatch(1, 1), rateTable: 1 as const, budget: 2 ** 53 - 1 }
    await assert.rejects(library.run(batch), {
      message: startsWith(`rate has 1 elements; ${2 ** 53 - 1} are`),
    })
  })

  it('refuses numbers that are not whole or past 32 bits', async () => {
    for (const [name, value] of [
      ['runs', 1.5],
      ['threads', Number.NaN],
      ['depth', 2 ** 31],
      ['budget', 2 ** 60],
    ] as const) {
      await assert.rejects(library.run({ ...makeBatch(1, 1), [name]: value }), {
        name: 'TypeError',
        message: startsWith(`${name} is `),
      })
    }
  })

  it('passes on what a getter throws, and an array that it detaches', async () => {
    const fault = new RangeError('the getter’s own')
    const batch = makeBatch(1, 1)
    const throwing = Object.defineProperty({ ...batch }, 'end', {
      get: () => {
        throw fault
      },
    })
    await assert.rejects(library.run(throwing), fault)
    const detaching = Object.defineProperty({ ...batch }, 'status', {
      get: () => {
        structuredClone(null, { transfer: [batch.weights.buffer as ArrayBuffer] })
        return batch.status
      },
    })
    await assert.rejects(library.run(detaching), { message: /^weights is detached/ })
  })

  it('hands on why the kernels refuse a batch', async () => {
    const batch = { ...makeBatch(1, 1), features: 2000 }
    const empty = Object.fromEntries(
      Object.entries(batch).map(([name, value]) => [name, typeof value === 'number' ? value : null]),
    ) as unknown as Batch
    await assert.rejects(library.run(empty), {
      name: 'LanesFault',
      code: CODE.badShape,
      message: /badShape.*a size is past the limits/,
    })
    await assert.rejects(library.run({ ...makeBatch(1, 1), rate: null }), { code: CODE.badPointer })
  })
})

function structOf(text: string): string {
  const found = /typedef struct lanes_batch \{(.*?)\} lanes_batch;/s.exec(text)
  assert.ok(found, 'lanes.h has no lanes_batch')
  return found[1]!.replaceAll(/\/\*.*?\*\//gs, '')
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function startsWith(words: string): RegExp {
  return new RegExp(`^${words.replaceAll(/[.()]/g, '\\$&')}`)
}
