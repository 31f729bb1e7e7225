import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { fillUniforms, STREAMS } from '../../src/data/philox.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { CODE, PRECISION, STATUS } from '../../workers/engines/lanes/batch.ts'
import { ACTIVATION, type MlpBatch } from '../../workers/engines/lanes/mlp-batch.ts'
import { type LanesLibrary, lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { compiler, hasCompiler } from './lanes-trial.ts'

const home = join(repositoryRoot(), 'native/lanes')
const { lanes, failures } = readInstallation()
const names = lanes === null ? [] : lanesHere().filter((name) => name !== 'cuda')
const missing = lanes === null ? `not here: ${failures.lanes?.fact ?? 'not built'}` : false

describe('the check of the small perceptrons', { skip: missing || !hasCompiler }, () => {
  const room = mkdtempSync(join(tmpdir(), 'jepalab-mlp-'))
  const check = join(room, 'mlp-check')
  const run = (...words: string[]) => promisify(execFile)(check, words, { timeout: 300_000 })
  before(async () => {
    const folder = join(home, 'mlp/check')
    const sources = readdirSync(folder).map((name) => join(folder, name))
    const files = sources.filter((path) => path.endsWith('.cc'))
    const flags = ['-std=c++17', '-O2', '-ffp-contract=off', `-I${home}`]
    await promisify(execFile)(compiler, [...flags, ...files, '-ldl', '-pthread', '-o', check])
  })
  after(() => rmSync(room, { recursive: true, force: true }))

  it('finds every build equal to a plain model, and their bits equal to each other', async () => {
    const { stdout } = await run(...names.map((name) => join(lanes!.folder, `liblanes-${name}.so`)))
    assert.match(stdout, new RegExp(`^${names.length} libraries: \\d{3,} cases, 0 differences$`, 'm'))
  })

  it('says so where a library has no perceptrons', async () => {
    const file = join(lanes!.folder, 'lanes.node')
    await assert.rejects(run(file), { code: 2 })
    await assert.rejects(run(join(room, 'none.so')), { code: 2, stderr: /none\.so/ })
  })
})

describe('the rows that small perceptrons train on', { skip: missing }, () => {
  it('come from the stream of the data room that chooses images', () => {
    const header = readFileSync(join(home, 'mlp/mlp.h'), 'utf8')
    assert.equal(Number(/LANES_MLP_STREAM (\d+)u/.exec(header)?.[1]), STREAMS.choice)
  })

  for (const name of names) {
    it(`of ${name} are the rows of the data room, draw for draw`, async () => {
      const library = openLanes(name)
      for (const seed of [3, 2 ** 52 + 12_345]) {
        let previous = new Array(STEPS).fill(0)
        for (let rows = 1; rows <= 9; rows++) {
          const sums = await squares(library, seed, rows)
          const found = sums.map((sum, step) => Math.sqrt(sum - previous[step]!) - 1)
          const wanted = Array.from({ length: STEPS }, (_, step) => {
            const uniforms = new Float64Array(rows)
            fillUniforms(uniforms, { seed, stream: STREAMS.choice, step: FIRST + step })
            return Math.floor(uniforms.at(-1)! * SAMPLES)
          })
          assert.deepEqual(found, wanted, `draw ${rows - 1} of seed ${seed}`)
          previous = sums
        }
      }
    })
  }
})

const SAMPLES = 37
const STEPS = 20
/** Beyond 32 bits in the middle of the test. */
const FIRST = 2 ** 32 - 10

/**
 * The sum of (row + 1)² over the rows of each batch: twice the loss of a net that gives 0 and stays so, times the
 * rows, where sample i asks for i + 1. Whole numbers below 2^24, hence exact in float32.
 */
async function squares(library: LanesLibrary, seed: number, rows: number): Promise<number[]> {
  const batch: MlpBatch = {
    ...{ objective: 1, activation: ACTIVATION.tanh, linearTop: 0, bias: 0, precision: PRECISION.float32 },
    ...{ threads: 1, runs: 1, layers: 1, width: [1, 1], outputs: 1, rows, ownData: 0, samples: SAMPLES },
    budget: STEPS,
    x: new Float32Array(SAMPLES).fill(1),
    y: Float32Array.from({ length: SAMPLES }, (_, i) => i + 1),
    seed: BigInt64Array.of(BigInt(seed)),
    rate: Float64Array.of(0),
    end: BigInt64Array.of(BigInt(FIRST + STEPS)),
    weights: new Float64Array(2),
    carry: null,
    step: BigInt64Array.of(BigInt(FIRST)),
    loss: new Float64Array(STEPS),
    status: new Int32Array(1),
    lost: new Float64Array(2),
    cancel: null,
  }
  assert.equal(await library.runMlp(batch), CODE.ok)
  assert.equal(batch.status[0], STATUS.done)
  return [...batch.loss!].map((loss) => Math.round(loss * 2 * rows))
}
