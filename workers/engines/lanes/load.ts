import type { Precision } from '../../../src/experiment/training-spec.ts'
import { layoutOf } from '../../models/parameters.ts'
import { ladder } from '../../probes/passages.ts'
import { type Batch, FORM, INTEGRATOR, LAYOUT, MODE, OBJECTIVE, PASSAGE, PRECISION } from './batch.ts'
import type { Entry } from './entry.ts'

/** A batch but for what each call brings with it (feed.ts). */
export type Loaded = Omit<Batch, 'budget' | 'rate' | 'rateTable' | 'batchSxx' | 'batchSyx'>

/** Room for the passages of one call, in bytes at most and in passages a feature, more than most runs have in all. */
const PASSAGE_BYTES = 32e6
const PASSAGES = 256
const LEAST_PASSAGES = 8

/** Lays runs of one shape out for the kernels, each at its start. */
export function load(entries: readonly [Entry, ...Entry[]], threads: number): Loaded {
  const [{ trainee, mode, frame }] = entries
  const { plan } = trainee
  const { depth, features: d, width, training } = plan
  const runs = entries.length
  const { size } = layoutOf(plan)
  const points = Math.max(...entries.map((entry) => entry.trainee.plan.points.length)) + 1
  const inFlow = mode === MODE.flow
  const hasMomentum = training.mode !== 'flow' && training.momentum > 0
  const isDrawn = mode === MODE.moments
  const each = (length: number, of: (entry: Entry) => ArrayLike<number>) => {
    const all = new Float64Array(runs * length)
    for (const [r, entry] of entries.entries()) all.set(of(entry), r * length)
    return all
  }
  const form = frame.isDiagonal ? d : d * d
  const capacity = Math.min(PASSAGES, Math.max(LEAST_PASSAGES, PASSAGE_BYTES / (32 * runs * d)))
  const room = d * Math.floor(capacity)
  return {
    objective: OBJECTIVE[plan.objective],
    mode,
    form: frame.isDiagonal ? FORM.diagonal : FORM.full,
    precision: PRECISION[training.precision],
    layout: LAYOUT.auto,
    threads,
    ...{ runs, depth, features: d, width, points, capacity: room },
    rows: isDrawn && training.mode !== 'flow' ? (training.batchSize ?? 0) : 0,
    rungs: LADDER.length,

    sxx: each(d, (entry) => entry.frame.sxx),
    syx: each(form, (entry) => entry.frame.syx),
    syy: each(d * d, (entry) => entry.frame.syy),
    directions: frame.directions && each(d * d, (entry) => entry.frame.directions ?? []),
    slope: isDrawn ? each(form, (entry) => entry.frame.law?.slope ?? []) : null,
    noise: isDrawn ? each(form, (entry) => entry.frame.law?.noise ?? []) : null,
    seed: isDrawn ? BigInt64Array.from(entries, (entry) => BigInt(entry.frame.law?.seed ?? 0)) : null,
    momentum: hasMomentum ? Float64Array.from(entries, momentumOf) : null,
    end: Float64Array.from(entries, endOf),

    weights: each(size, (entry) => entry.frame.initial),
    carry: carries(training.precision) ? new Float64Array(runs * size) : null,
    velocity: hasMomentum ? new Float64Array(runs * size) : null,
    integrator: inFlow ? new Float64Array(runs * INTEGRATOR) : null,
    step: new BigInt64Array(runs),
    time: inFlow ? new Float64Array(runs) : null,

    ladder: LADDER,
    above: new Int32Array(runs * d),
    below: new Int32Array(runs * d),
    looked: new Float64Array(runs * d),
    lookedAt: new Float64Array(runs).fill(-1),
    point: each(points, (entry) => pointsOf(entry, points)),
    nextPoint: new Int32Array(runs),
    row: new Float64Array(runs * points * (1 + d)),
    rowStep: inFlow ? new BigInt64Array(runs * points) : null,
    passage: new Float64Array(runs * room * PASSAGE),
    passages: new Int32Array(runs),

    status: new Int32Array(runs), // all going
    lost: new Float64Array(runs * 2),
    evaluations: inFlow ? new BigInt64Array(runs) : null,
    cancel: new Int32Array(1),
  }
}

const LADDER = ladder()

/** Whether weights keep what their rounding lost. */
function carries(precision: Precision): boolean {
  return precision === 'compensated' || precision === 'int8x3'
}

function endOf({ trainee }: Entry): number {
  return trainee.plan.points.at(-1) ?? 0
}

function momentumOf({ trainee: { plan } }: Entry): number {
  return plan.training.mode === 'flow' ? 0 : plan.training.momentum
}

/** The start and the plan's points; past its end they rise on to what is never reached. */
function pointsOf(entry: Entry, count: number): number[] {
  const { points } = entry.trainee.plan
  const end = Math.max(1, endOf(entry))
  const beyond = Array.from({ length: count - 1 - points.length }, (_, k) => (k + 2) * end)
  return [0, ...points, ...beyond]
}
