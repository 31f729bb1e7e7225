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
import { THREADS } from '../contest/machine.ts'
import type { Lap } from '../contest/timing.ts'
import type { DescentCase } from './case.ts'

export type Precision = 'compensated' | 'float32'

/** A step far into a run, where a look at the amplitudes comes every thousand steps. */
const FAR = 1_000_000

/** The kernels on one row. Amplitudes are looked at as a run looks at them; the peers look at nothing. */
export class Ours {
  private readonly lanes: LanesLibrary
  private readonly case_: DescentCase
  private readonly syy: Float64Array

  constructor(lanes: LanesLibrary, case_: DescentCase) {
    this.lanes = lanes
    this.case_ = case_
    this.syy = diagonal(case_.sxx, case_.row.features)
  }

  get layout(): string {
    const chosen = this.lanes.choose(this.batch('compensated', 1, 1e-6, 0))
    return Object.entries(LAYOUT).find(([, value]) => value === chosen)?.[0] ?? 'unknown'
  }

  /** @returns the weights after so many steps from the start, [R][weights] */
  async train(steps: number, rate: number, precision: Precision): Promise<Float64Array> {
    const batch = this.batch(precision, steps, rate, 0)
    await this.lanes.run(batch)
    const lost = batch.status.findIndex((status) => status !== STATUS.done)
    if (lost >= 0) throw new Error(`Run ${lost} has status ${batch.status[lost]} after ${steps} steps.`)
    return batch.weights
  }

  /**
   * Trains from the start for about so long, in one call, after shorter ones that find out how many steps that is. They
   * go on in the same arrays, as the engine's calls do: memory that is touched for the first time is not timed.
   */
  async time(seconds: number, rate: number, precision: Precision): Promise<Lap> {
    const batch = this.batch(precision, 1, rate, FAR)
    let lap = await this.lap(batch, 1)
    do {
      const growth = Math.min(64, Math.max(2, (0.5 * seconds) / lap.seconds))
      lap = await this.lap(batch, Math.ceil(lap.steps * growth))
    } while (lap.seconds < 0.25 * seconds)
    return this.lap(batch, Math.max(1, Math.ceil((1.05 * lap.steps * seconds) / lap.seconds)))
  }

  private async lap(batch: Batch, steps: number): Promise<Lap> {
    const from = Number(batch.step[0])
    batch.end.fill(from + steps)
    batch.status.fill(STATUS.going)
    const began = performance.now()
    await this.lanes.run({ ...batch, budget: steps })
    return { steps, seconds: (performance.now() - began) / 1000 }
  }

  private batch(precision: Precision, steps: number, rate: number, from: number): Batch {
    const { row, sxx, syx, slope, noise, weights } = this.case_
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
      syy: this.syy,
      slope: moments ? slope : null,
      noise: moments ? noise : null,
      seed: moments ? BigInt64Array.from({ length: runs }, (_, run) => BigInt(run)) : null,
      rate: new Float64Array(runs).fill(rate),
      end: new Float64Array(runs).fill(from + steps),
      weights: weights.slice(),
      carry: precision === 'compensated' ? new Float64Array(weights.length) : null,
      step: new BigInt64Array(runs).fill(BigInt(from)),
      lookedAt: new Float64Array(runs).fill(from > 0 ? from : -1),
    }
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
