import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillNormals } from '../../src/data/normal.ts'
import { fillUniforms } from '../../src/data/philox.ts'
import { writeCase } from '../contest/case.ts'
import { difference } from '../contest/difference.ts'
import { type ContestResult, hold, type Protocol } from '../contest/hold.ts'
import { run } from '../contest/install.ts'
import { THREADS } from '../contest/machine.ts'
import type { Peer } from '../contest/peer.ts'
import type { Lap } from '../contest/timing.ts'
import { SEED } from './case.ts'
import type { Precision } from './ours.ts'
import type { MlpRow } from './rows.ts'

const INPUTS = 16
const SAMPLES = 4096
/** Updates that the resident table of rows covers; a peer goes through it again and again. */
const UPDATES = 200
const CHECK_RATE = 0.1
const TIME_RATE = 1e-4
/** Float32 on both sides and tanh of different libraries: rounding only. */
const CLOSE = 1e-3
const DATA_STREAM = 4097
const WEIGHT_STREAM = 4098
/** The kernels' stream of minibatch rows (native/lanes/mlp/mlp.h). */
const ROWS_STREAM = 6

/** Small MLPs through the kernels' own C interface, by a program without Node, against PyTorch and JAX. */
export async function measureMlp(
  row: MlpRow,
  { library, probe }: { readonly library: string; readonly probe: string },
  peers: readonly Peer[],
  protocol: Protocol,
  scratch: string,
  tell: (line: string) => void,
): Promise<ContestResult> {
  const folder = join(scratch, row.id)
  const arrays = networkArrays(row)
  const fields = {
    ...row,
    inputs: INPUTS,
    widths: [row.width, row.width],
    samples: SAMPLES,
    updates: UPDATES,
  }
  const casePath = writeCase(folder, fields, arrays)
  const ours = async (precision: Precision, rate: number, seconds: number, steps: number): Promise<Lap> => {
    const sizes = [INPUTS, row.width, row.runs, row.rows, SAMPLES]
    const words = ['mlp', library, folder, ...sizes, precision, THREADS, SEED, rate, seconds, steps]
    return JSON.parse(await run(probe, words.map(String)))
  }
  await ours('compensated', CHECK_RATE, 0, UPDATES)
  const file = readFileSync(join(folder, 'ours.f64'))
  const trained = new Float64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength))
  const contest = {
    runs: row.runs,
    folder,
    casePath,
    checkSteps: [UPDATES],
    checkRate: CHECK_RATE,
    timeRate: TIME_RATE,
    compare: ([theirs]: readonly Float64Array[]) => {
      const apart = difference(trained, theirs!, arrays.weights)
      return {
        agrees: apart < CLOSE,
        comparison: `${apart.toExponential(1)} of the way moved in ${UPDATES} steps`,
      }
    },
    ours: {
      compensated: () => ours('compensated', TIME_RATE, protocol.seconds, UPDATES),
      float32: () => ours('float32', TIME_RATE, protocol.seconds, UPDATES),
    },
  }
  return hold(contest, peers, protocol, tell)
}

/** Inputs, noisy targets, starts of variance 1/fan-in with biases of 0, and the rows that the kernels draw. */
function networkArrays({ width, runs, rows }: MlpRow) {
  const x = new Float64Array(SAMPLES * INPUTS)
  fillNormals(x, { seed: SEED, stream: DATA_STREAM, step: 0 })
  const y = new Float64Array(SAMPLES * INPUTS)
  fillNormals(y, { seed: SEED, stream: DATA_STREAM, step: 1 })
  for (let i = 0; i < y.length; i++) {
    const next = i - (i % INPUTS) + ((i + 1) % INPUTS)
    y[i] = Math.sin(x[i]! + x[next]!) + 0.1 * y[i]!
  }
  const sizes = [INPUTS, width, width, INPUTS]
  const counts = sizes.slice(1).map((to, a) => (sizes[a]! + 1) * to)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const weights = new Float64Array(runs * total)
  for (let r = 0; r < runs; r++) {
    let at = r * total
    for (const [a, count] of counts.entries()) {
      const matrix = weights.subarray(at, at + sizes[a]! * sizes[a + 1]!)
      fillNormals(matrix, { seed: SEED, stream: WEIGHT_STREAM, step: r * counts.length + a })
      for (let i = 0; i < matrix.length; i++) matrix[i]! /= Math.sqrt(sizes[a]!)
      at += count
    }
  }
  const table = new Float64Array(UPDATES * runs * rows)
  for (let step = 0; step < UPDATES; step++) {
    for (let r = 0; r < runs; r++) {
      const own = table.subarray((step * runs + r) * rows, (step * runs + r + 1) * rows)
      fillUniforms(own, { seed: SEED + r, stream: ROWS_STREAM, step })
      for (let i = 0; i < rows; i++) own[i] = Math.floor(own[i]! * SAMPLES)
    }
  }
  return { x, y, weights, rows: table }
}
