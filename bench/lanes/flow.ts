import { join } from 'node:path'
import { haarOrthogonal } from '../../src/data/haar.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'
import { type Batch, MODE, PRECISION, passagesOf, STATUS } from '../../workers/engines/lanes/batch.ts'
import type { LanesLibrary } from '../../workers/engines/lanes/native.ts'
import { writeCase } from '../contest/case.ts'
import type { Protocol } from '../contest/hold.ts'
import type { Peer } from '../contest/peer.ts'
import { median } from '../contest/timing.ts'
import { SEED } from './case.ts'
import { diagonal, emptyBatch } from './ours.ts'
import type { FlowRow } from './rows.ts'

/** The relative error of the last critical time at which methods are compared. */
export const WANTED = 1e-6
/** A descent of more steps is not run to measure its error. */
const MOST_STEPS = 1e8
/** Rows measured on each side of where descent is expected to pass, so that its passage is dated to a step. */
const WINDOW = 200
const FRACTION = 0.5
/** All repeats of a solve of diffrax take about this long at most. */
const MOST_SECONDS = 60

export interface FlowResult {
  /** Relative error of the worst run's last critical time, against the exact one. */
  readonly ours: { error: number; evaluations: number; seconds: number; min: number; max: number }
  /** Descent at the rate at which its error is WANTED, by the error measured at `rate`; per run, as ours. */
  readonly descent: {
    readonly rate: number
    /** null: not run, it would take too many steps. */
    readonly error: number | null
    readonly atHalfRate: number | null
    readonly neededRate: number
    readonly boundBy: 'error' | 'stability'
    readonly evaluations: number
  }
  readonly diffrax: readonly {
    readonly solver: string
    readonly rtol: number
    /** null: it did not get there. */
    readonly error: number | null
    readonly seconds: number
    readonly steps: number
    readonly reached: boolean
  }[]
  readonly best: { solver: string; rtol: number; error: number; median: number; min: number; max: number }
}

interface FlowCase {
  readonly row: FlowRow
  readonly lambda: Float64Array // [R][d]
  readonly rho: Float64Array // [R][d]
  readonly sxx: Float64Array // [R][d]
  readonly weights: Float64Array
  /** Of each run: the feature learned last, half its fixed point, and when it gets there by the exact solution. */
  readonly feature: readonly number[]
  readonly rung: readonly number[]
  readonly exact: readonly number[]
}

/** The gradient flow to its last critical time: error and evaluations, against descent and diffrax. */
export async function measureFlow(
  row: FlowRow,
  lanes: LanesLibrary,
  diffrax: Peer,
  protocol: Protocol,
  scratch: string,
  tell: (line: string) => void,
): Promise<FlowResult> {
  const case_ = flowCase(row)
  const first = await ourFlow(case_, lanes)
  tell(
    `    flow: error ${first.error.toExponential(1)}, ${first.evaluations} evaluations a run, ${first.seconds.toPrecision(3)} s`,
  )
  if (!(first.error <= WANTED))
    throw new Error(`Our last critical time is off by ${first.error.toExponential(1)}.`)
  const descent = await ourDescent(case_, lanes)
  tell(`    descent: ${describeDescent(descent)}`)
  const tried = await tryDiffrax(case_, diffrax, join(scratch, row.id), tell)
  const good = tried.flatMap(({ solver, rtol, error, seconds }) =>
    error !== null && error <= WANTED ? [{ solver, rtol, error, seconds }] : [],
  )
  const fastest = good.sort((a, b) => a.seconds - b.seconds)[0]
  if (fastest === undefined) throw new Error(`No solver of diffrax reached ${WANTED}.`)
  const [own, theirs] = [[] as number[], [] as number[]]
  const repeats = Math.min(protocol.repeats, Math.max(1, Math.floor(MOST_SECONDS / fastest.seconds)))
  for (let repeat = 0; repeat < repeats; repeat++) {
    own.push(await repeatedly(protocol.seconds, async () => (await ourFlow(case_, lanes)).seconds))
    const again = async () => {
      const reply = await diffrax.ask({ do: 'solve', form: fastest.solver, rtol: fastest.rtol })
      return reply.seconds as number
    }
    theirs.push(await repeatedly(protocol.seconds, again))
  }
  for (const list of [own, theirs]) list.sort((a, b) => a - b)
  return {
    ours: { ...first, seconds: median(own), min: own[0]!, max: own.at(-1)! },
    descent,
    diffrax: tried,
    best: { ...fastest, median: median(theirs), min: theirs[0]!, max: theirs.at(-1)! },
  }
}

/** Eight spectra, each with a balanced start. */
function flowCase(row: FlowRow): FlowCase {
  const { runs, features: d, depth, scale } = row
  const each = (of: (feature: number, run: number) => number) =>
    Float64Array.from({ length: runs * d }, (_, i) => of(i % d, Math.floor(i / d)))
  const lambda = each((i, run) => 1 - 0.1 * i + 0.02 * run)
  const rho = each((i) => 0.9 - 0.1 * i)
  const weights = new Float64Array(runs * (depth + 1) * d * d)
  const s = scale ** (1 / depth)
  for (let run = 0; run < runs; run++) weights.set(balancedStart(row, s, run), run * (depth + 1) * d * d)
  const times = lambda.map((value, i) =>
    criticalTime('jepa', { depth, scale, lambda: value, rho: rho[i]!, fraction: FRACTION }),
  )
  const feature = Array.from({ length: runs }, (_, run) => {
    const own = times.subarray(run * d, (run + 1) * d)
    return own.indexOf(Math.max(...own))
  })
  const pick = (list: Float64Array) => feature.map((i, run) => list[run * d + i]!)
  const rung = pick(rho.map((value) => FRACTION * value ** depth))
  return {
    row,
    lambda,
    rho,
    sxx: lambda.map((v, i) => v / rho[i]!),
    weights,
    feature,
    rung,
    exact: pick(times),
  }
}

/** Wᵃ = s Uᵃ with U^L … U¹ = I, Haar where turned, else I; V = s I. */
function balancedStart({ features: d, depth, turned }: FlowRow, s: number, run: number): Float64Array {
  const out = new Float64Array((depth + 1) * d * d)
  const frames = Array.from({ length: depth + 1 }, (_, a) =>
    !turned || a === 0 || a === depth ? identityOf(d) : haarOrthogonal(d, SEED, 8192 + run * depth + a).data,
  )
  for (let a = 0; a < depth; a++) {
    const [below, above] = [frames[a]!, frames[a + 1]!]
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        let sum = 0
        for (let k = 0; k < d; k++) sum += above[i * d + k]! * below[j * d + k]!
        out[(a * d + i) * d + j] = s * sum
      }
    }
  }
  for (let i = 0; i < d; i++) out[(depth * d + i) * d + i] = s
  return out
}

function identityOf(d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0))
}

async function ourFlow(case_: FlowCase, lanes: LanesLibrary) {
  const { row, exact } = case_
  const batch: Batch = {
    ...flowBatch(case_),
    mode: MODE.flow,
    budget: 1e8,
    end: Float64Array.from(exact, (time) => time * 1.001),
    integrator: new Float64Array(16 * row.runs),
    time: new Float64Array(row.runs),
    evaluations: new BigInt64Array(row.runs),
  }
  const began = performance.now()
  await lanes.run(batch)
  const seconds = (performance.now() - began) / 1000
  const evaluations = Number(batch.evaluations!.reduce((sum, count) => sum + count, 0n)) / row.runs
  return { error: errorOf(case_, batch, 1), evaluations, seconds }
}

/** Float64 descent at a rate and half of it: what its error is, and by that at which rate it would be WANTED. */
async function ourDescent(case_: FlowCase, lanes: LanesLibrary): Promise<FlowResult['descent']> {
  const { row, lambda, sxx, exact } = case_
  const longest = Math.max(...exact)
  const stable = Math.min(
    ...exact.map((_, run) => {
      const own = (list: Float64Array) =>
        Array.from(list.subarray(run * row.features, (run + 1) * row.features))
      return maxStableLearningRate('jepa', own(sxx), own(lambda), row.depth)
    }),
  )
  const rate = Math.min(stable, 2) / 4
  const steps = (eta: number) => longest / eta
  if (steps(rate / 2) * row.runs > MOST_STEPS) {
    // Too long to run; whatever its error, it cannot take larger steps than the stable one.
    return {
      rate,
      error: null,
      atHalfRate: null,
      neededRate: stable,
      boundBy: 'stability',
      evaluations: meanOf(exact) / stable,
    }
  }
  const error = await descentError(case_, lanes, rate)
  const atHalfRate = await descentError(case_, lanes, rate / 2)
  const byError = (WANTED * (rate / 2)) / atHalfRate
  const neededRate = Math.min(byError, stable)
  const boundBy = byError < stable ? 'error' : 'stability'
  return { rate, error, atHalfRate, neededRate, boundBy, evaluations: meanOf(exact) / neededRate }
}

async function descentError(case_: FlowCase, lanes: LanesLibrary, rate: number): Promise<number> {
  const { row, exact } = case_
  const points = 2 * WINDOW
  const middle = exact.map((time) => Math.round(time / rate))
  const batch: Batch = {
    ...flowBatch(case_),
    mode: MODE.descent,
    budget: Math.max(...middle) + WINDOW,
    rate: new Float64Array(row.runs).fill(rate),
    end: Float64Array.from(middle, (step) => step + WINDOW),
    points,
    point: Float64Array.from(
      { length: row.runs * points },
      (_, i) => middle[Math.floor(i / points)]! + (i % points) - WINDOW + 1,
    ),
    row: new Float64Array(row.runs * points * (1 + row.features)),
  }
  await lanes.run(batch)
  return errorOf(case_, batch, rate)
}

function flowBatch({ row, lambda, sxx, weights, rung }: FlowCase): Batch {
  const ladder = Float64Array.from(new Set(rung)).sort()
  return {
    ...emptyBatch(row.runs, row.features, row.depth, ladder.length),
    precision: PRECISION.float64,
    sxx,
    syx: lambda,
    syy: diagonal(sxx, row.features),
    ladder,
    weights: weights.slice(),
    above: new Int32Array(row.runs * row.features),
  }
}

/** @param unit flow time of one unit of the passages */
function errorOf({ row, feature, rung, exact }: FlowCase, batch: Batch, unit: number): number {
  let worst = 0
  for (let run = 0; run < row.runs; run++) {
    const passage = passagesOf(batch, run).find(
      (one) => one.feature === feature[run] && batch.ladder[one.rung] === rung[run],
    )
    if (passage === undefined) {
      const status = Object.entries(STATUS).find(([, value]) => value === batch.status[run])?.[0]
      throw new Error(`Run ${run} (${status}) never passed its last rung.`)
    }
    const time = unit * (passage.from + passage.fraction * (passage.to - passage.from))
    worst = Math.max(worst, Math.abs(time / exact[run]! - 1))
  }
  return worst
}

/** What diffrax_flow.py returns. */
interface Solution {
  readonly times: readonly (number | null)[]
  readonly steps: number
  readonly reached: boolean
  readonly long: boolean
  readonly seconds: number
}

async function tryDiffrax(case_: FlowCase, peer: Peer, folder: string, tell: (line: string) => void) {
  const { row, sxx, lambda, weights, feature, rung, exact } = case_
  const arrays = {
    weights,
    sxx,
    syx: lambda,
    feature: Float64Array.from(feature),
    rung: Float64Array.from(rung),
    until: Float64Array.from(exact),
  }
  const { forms } = await peer.ask({ do: 'open', case: writeCase(folder, { ...row }, arrays) })
  const tried: FlowResult['diffrax'][number][] = []
  for (const solver of forms as string[]) {
    for (const rtol of [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]) {
      const reply = (await peer.ask({ do: 'solve', form: solver, rtol })) as unknown as Solution
      const off = reply.times.map((time, run) =>
        time === null ? Infinity : Math.abs(time / exact[run]! - 1),
      )
      const reached = reply.reached && off.every(Number.isFinite)
      const [error, seconds] = [reached ? Math.max(...off) : null, reply.seconds]
      tried.push({ solver, rtol, error, seconds, steps: reply.steps, reached })
      const end = error === null ? 'did not get there' : `error ${error.toExponential(1)}`
      tell(`    diffrax ${solver} rtol ${rtol}: ${end}, ${seconds.toPrecision(3)} s`)
      if (reply.long || (error !== null && error <= WANTED)) break
    }
  }
  return tried
}

/** The mean of as many calls as take so many seconds. */
async function repeatedly(seconds: number, call: () => Promise<number>): Promise<number> {
  let [total, count] = [0, 0]
  do {
    total += await call()
    count++
  } while (total < seconds)
  return total / count
}

function describeDescent({ rate, error, neededRate, boundBy, evaluations }: FlowResult['descent']): string {
  const found =
    error === null ? 'too long to run' : `error ${error.toExponential(1)} at rate ${rate.toPrecision(3)}`
  return `${found}, needs rate ${neededRate.toPrecision(3)} (${boundBy}): ${evaluations.toPrecision(3)} evaluations a run`
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
