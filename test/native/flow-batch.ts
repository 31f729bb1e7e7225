import {
  type Batch,
  FORM,
  INTEGRATOR,
  LAYOUT,
  MODE,
  OBJECTIVE,
  type Passage,
  PRECISION,
  passagesOf,
} from '../../workers/engines/lanes/batch.ts'
import { rung } from '../../workers/probes/passages.ts'

/** Runs of one shape on data that are diagonal: λ and ρ of each feature. */
export interface FlowCase {
  readonly objective: 'jepa' | 'mae'
  readonly depth: number
  readonly width?: number // d where it is left out
  readonly lambda: readonly number[] // [d]
  readonly rho: readonly number[]
  readonly end: number
  readonly weights: readonly Float64Array[] // one for each run
  readonly points?: number // rows, evenly spread from 0 to the end
  readonly capacity?: number
}

const LOWEST = -320 // 10^−8
export const LADDER = Float64Array.from({ length: 361 }, (_, k) => rung(LOWEST + k))

/** Weights of the balanced start at amplitude ε in the coordinates in which it is diagonal. */
export function alignedWeights(
  objective: 'jepa' | 'mae',
  depth: number,
  d: number,
  w: number,
  epsilon: number,
) {
  const shapes = Array.from({ length: depth + 1 }, (_, a) => ({
    rows: a === depth && objective === 'mae' ? d : w,
    cols: a === 0 ? d : w,
  }))
  const out = new Float64Array(shapes.reduce((sum, { rows, cols }) => sum + rows * cols, 0))
  let at = 0
  for (const { rows, cols } of shapes) {
    for (let i = 0; i < d; i++) out[at + i * cols + i] = epsilon ** (1 / depth)
    at += rows * cols
  }
  return out
}

/** A batch that has its own arrays, at the start of its runs. */
export function flowBatch(flow: FlowCase, threads = 1): Batch {
  const { objective, depth, lambda, rho, end, weights, points = 2, capacity = 4000 } = flow
  const [runs, features] = [weights.length, lambda.length]
  const width = flow.width ?? features
  const repeated = (values: ArrayLike<number>) => {
    const out = new Float64Array(runs * values.length)
    for (let r = 0; r < runs; r++) out.set(values, r * values.length)
    return out
  }
  const sigma2 = lambda.map((l, i) => l / rho[i]!)
  const spread = new Float64Array(features * features)
  for (const [i, s] of sigma2.entries()) spread[i * features + i] = s
  const size = weights[0]!.length
  const all = new Float64Array(runs * size)
  for (const [r, w] of weights.entries()) all.set(w, r * size)
  return {
    objective: OBJECTIVE[objective],
    mode: MODE.flow,
    form: FORM.diagonal,
    precision: PRECISION.float64,
    layout: LAYOUT.auto,
    ...{ threads, runs, depth, features, width, points, capacity },
    rows: 0,
    rateTable: 0,
    rungs: LADDER.length,
    budget: 2 ** 50,
    sxx: repeated(sigma2),
    syx: repeated(lambda),
    syy: repeated(spread),
    directions: null,
    slope: null,
    noise: null,
    batchSxx: null,
    batchSyx: null,
    seed: null,
    rate: null,
    momentum: null,
    end: repeated([end]),
    weights: all,
    carry: null,
    velocity: null,
    integrator: new Float64Array(runs * INTEGRATOR),
    step: new BigInt64Array(runs),
    time: new Float64Array(runs),
    ladder: LADDER,
    above: new Int32Array(runs * features),
    below: new Int32Array(runs * features),
    looked: new Float64Array(runs * features),
    lookedAt: new Float64Array(runs).fill(-1),
    point: repeated(
      Array.from({ length: points }, (_, k) => (k === points - 1 ? end : (end * k) / (points - 1))),
    ),
    nextPoint: new Int32Array(runs),
    row: new Float64Array(runs * points * (1 + features)),
    rowStep: new BigInt64Array(runs * points),
    passage: new Float64Array(runs * capacity * 4),
    passages: new Int32Array(runs),
    status: new Int32Array(runs),
    lost: new Float64Array(runs * 2),
    evaluations: new BigInt64Array(runs),
    cancel: new Int32Array(1),
  }
}

/** A passage with its time and level, as runs show it. */
export interface Seen {
  readonly feature: number
  readonly level: number
  readonly time: number
}

export function seenIn(batch: Batch, run: number): Seen[] {
  return passagesOf(batch, run).map(seen)
}

function seen({ feature, rung: k, from, to, fraction }: Passage): Seen {
  return { feature, level: LADDER[k]!, time: from + fraction * (to - from) }
}
