import {
  type Batch,
  FORM,
  LAYOUT,
  MODE,
  OBJECTIVE,
  PRECISION,
  STATUS,
} from '../../workers/engines/lanes/batch.ts'
import type { LanesLibrary } from '../../workers/engines/lanes/native.ts'
import { callMs } from '../../workers/engines/lanes/pacing.ts'
import { THREADS } from '../contest/machine.ts'
import type { Lap } from '../contest/timing.ts'
import type { DescentCase } from './case.ts'

export type Precision = 'compensated' | 'float32' | 'int8x3'

/** Below this width the processor's tiles are slower than its multiply-adds. */
const TILES_WIDTH = 64

/** A step far into a run, where a look at the amplitudes comes every thousand steps. */
const FAR = 1_000_000

/** From this width on the engine hands over so many runs a core at a time (workers/engines/lanes/engine.ts). */
const ALONE_WIDTH = 32
const ALONE_RUNS = 8

/** The kernels on one row. Amplitudes are looked at as a run looks at them; the peers look at nothing. */
export class Ours {
  private readonly lanes: LanesLibrary
  private readonly case_: DescentCase

  constructor(lanes: LanesLibrary, case_: DescentCase) {
    this.lanes = lanes
    this.case_ = case_
  }

  /** The forms of ours that the row times, the one that stands for ours first. */
  get precisions(): Precision[] {
    const { kind, features } = this.case_.row
    const tiles = kind === 'descent' && features >= TILES_WIDTH && this.lanes.tiles
    return ['compensated', 'float32', ...(tiles ? (['int8x3'] as const) : [])]
  }

  get layout(): string {
    const chosen = this.lanes.choose(batchOf(this.case_, 'compensated', 1, 1e-6, 0))
    return Object.entries(LAYOUT).find(([, value]) => value === chosen)?.[0] ?? 'unknown'
  }

  /** @returns the weights after so many steps from the start, [R][weights] */
  async train(steps: number, rate: number, precision: Precision): Promise<Float64Array> {
    const batch = batchOf(this.case_, precision, steps, rate, 0)
    await this.lanes.run(batch)
    const lost = batch.status.findIndex((status) => status !== STATUS.done)
    if (lost >= 0) throw new Error(`Run ${lost} has status ${batch.status[lost]} after ${steps} steps.`)
    return batch.weights
  }

  /**
   * Trains from the start for about so many seconds a call, or as long as one of the engine's where that is longer, after
   * shorter calls that find out how many steps that is. They go on in the same arrays, as the engine's calls do: memory that is
   * touched for the first time is not timed. Wide runs go by slices, a call each, as the engine's do.
   */
  async time(least: number, rate: number, precision: Precision): Promise<Lap> {
    const batches = slices(this.case_).map((slice) => batchOf(slice, precision, 1, rate, FAR))
    for (const batch of batches) await this.lap(batch, 1)
    const [first] = batches as [Batch]
    const seconds = Math.max(least, callMs(first.weights.length) / 1000)
    let lap = await this.lap(first, 1)
    do {
      const growth = Math.min(64, Math.max(2, (0.5 * seconds) / lap.seconds))
      lap = await this.lap(first, Math.ceil(lap.steps * growth))
    } while (lap.seconds < 0.25 * seconds)
    const steps = Math.max(1, Math.ceil((1.05 * lap.steps * seconds) / lap.seconds))
    let total = 0
    for (const batch of batches) total += (await this.lap(batch, steps)).seconds
    return { steps, seconds: total }
  }

  private async lap(batch: Batch, steps: number): Promise<Lap> {
    const from = Number(batch.step[0])
    batch.end.fill(from + steps)
    batch.status.fill(STATUS.going)
    const began = performance.now()
    await this.lanes.run({ ...batch, budget: steps })
    return { steps, seconds: (performance.now() - began) / 1000 }
  }
}

/** The row's runs as the engine's calls take them. */
function slices(whole: DescentCase): DescentCase[] {
  const { runs, features: d, depth } = whole.row
  const most = d < ALONE_WIDTH ? runs : ALONE_RUNS * THREADS
  const count = (depth + 1) * d * d
  return Array.from({ length: Math.ceil(runs / most) }, (_, k) => {
    const [from, to] = [k * most, Math.min(runs, (k + 1) * most)]
    return {
      row: { ...whole.row, runs: to - from },
      sxx: whole.sxx.subarray(from * d, to * d),
      syx: whole.syx.subarray(from * d, to * d),
      slope: whole.slope.subarray(from * d, to * d),
      noise: whole.noise.subarray(from * d, to * d),
      weights: whole.weights.subarray(from * count, to * count),
    }
  })
}

function batchOf(
  { row, sxx, syx, slope, noise, weights }: DescentCase,
  precision: Precision,
  steps: number,
  rate: number,
  from: number,
): Batch {
  const { runs, features: d, depth } = row
  const moments = row.kind === 'sgd'
  return {
    ...emptyBatch(runs, d, depth, 1),
    mode: moments ? MODE.moments : MODE.descent,
    precision: PRECISION[precision],
    rows: row.rows,
    budget: steps,
    sxx,
    syx,
    syy: diagonal(sxx, d),
    slope: moments ? slope : null,
    noise: moments ? noise : null,
    seed: moments ? BigInt64Array.from({ length: runs }, (_, run) => BigInt(run)) : null,
    rate: new Float64Array(runs).fill(rate),
    end: new Float64Array(runs).fill(from + steps),
    weights: weights.slice(),
    carry: precision === 'float32' ? null : new Float64Array(weights.length),
    step: new BigInt64Array(runs).fill(BigInt(from)),
    lookedAt: new Float64Array(runs).fill(from > 0 ? from : -1),
  }
}

/** A batch of JEPA runs of width d without measurement points, its state at the start, still without weights. */
export function emptyBatch(runs: number, d: number, depth: number, rungs: number): Batch {
  const each = new Float64Array(runs * d)
  return {
    objective: OBJECTIVE.jepa,
    mode: MODE.descent,
    form: FORM.diagonal,
    precision: PRECISION.float64,
    layout: LAYOUT.auto,
    threads: THREADS,
    runs,
    depth,
    features: d,
    width: d,
    rows: 0,
    rateTable: 0,
    rungs,
    points: 0,
    capacity: d * (rungs + 1),
    budget: 1,
    sxx: each,
    syx: each,
    syy: null,
    directions: null,
    slope: null,
    noise: null,
    batchSxx: null,
    batchSyx: null,
    seed: null,
    rate: null,
    momentum: null,
    end: new Float64Array(runs),
    weights: new Float64Array(runs * (depth + 1) * d * d),
    carry: null,
    velocity: null,
    integrator: null,
    step: new BigInt64Array(runs),
    time: null,
    ladder: new Float64Array(rungs).fill(1e30),
    above: new Int32Array(runs * d),
    below: new Int32Array(runs * d).fill(-1),
    looked: new Float64Array(runs * d).fill(1),
    lookedAt: new Float64Array(runs).fill(-1),
    point: new Float64Array(0),
    nextPoint: new Int32Array(runs),
    row: new Float64Array(0),
    rowStep: null,
    passage: new Float64Array(runs * d * (rungs + 1) * 4),
    passages: new Int32Array(runs),
    status: new Int32Array(runs),
    lost: new Float64Array(2 * runs),
    evaluations: null,
    cancel: null,
  }
}

/** [R][d][d] from [R][d]. */
export function diagonal(values: Float64Array, d: number): Float64Array {
  const out = new Float64Array(values.length * d)
  for (const [i, value] of values.entries()) out[i * d + (i % d)] = value
  return out
}
