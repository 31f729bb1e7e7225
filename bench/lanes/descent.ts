import { join } from 'node:path'
import type { LanesLibrary } from '../../workers/engines/lanes/native.ts'
import { writeCase } from '../contest/case.ts'
import { difference } from '../contest/difference.ts'
import { type Contest, type ContestResult, hold, type Protocol } from '../contest/hold.ts'
import type { Peer } from '../contest/peer.ts'
import { type DescentCase, descentCase, SEED } from './case.ts'
import { lossesOf, spreadRatio, standardErrors } from './compare.ts'
import { Ours, type Precision } from './ours.ts'
import { measurePeak } from './peak.ts'
import type { DescentRow } from './rows.ts'

const CHECK_RATE = 0.05
/** The arithmetic does not depend on the rate; at this one a lap of any length stays near its start. */
const TIME_RATE = 1e-6
/** Float32 on both sides, some hundred updates: rounding only. */
const CLOSE = 1e-3

/** FLOP of one run-step: 3 L products of d × d matrices. */
export function flopOf({ depth, features }: DescentRow): number {
  return 6 * depth * features ** 3
}

export interface DescentResult extends ContestResult {
  readonly layout: string
  /** How far the weights of ours in int8x3 lay from the compensated ones; absent where it was not timed. */
  readonly int8x3Comparison?: string
}

/** Population descent or sgd: ours against PyTorch and JAX. */
export async function measureDescent(
  row: DescentRow,
  { lanes, probe }: { readonly lanes: LanesLibrary; readonly probe: string },
  peers: readonly Peer[],
  protocol: Protocol,
  scratch: string,
  tell: (line: string) => void,
): Promise<DescentResult> {
  const case_ = descentCase(row)
  const ours = new Ours(lanes, case_)
  const sgd = row.kind === 'sgd'
  const folder = join(scratch, row.id)
  const { weights, sxx, syx, slope, noise } = case_
  const checkSteps = sgd ? [40, 100, 200] : [flopOf(row) * row.runs * 200 > 1e12 ? 40 : 200]
  const { compare, int8x3Comparison } = sgd
    ? { compare: await sameLaw(case_, ours, checkSteps) }
    : await sameWeights(case_, ours, checkSteps[0]!)
  if (int8x3Comparison !== undefined) tell(`    lanes int8x3 from compensated: ${int8x3Comparison}`)
  const contest: Contest = {
    runs: row.runs,
    folder,
    casePath: writeCase(
      folder,
      { ...row, seed: SEED },
      { weights, sxx, syx, slope, noise, sigma: sxx.map(Math.sqrt) },
    ),
    checkSteps,
    checkRate: CHECK_RATE,
    timeRate: TIME_RATE,
    compare,
    ours: Object.fromEntries(
      ours.precisions.map((name) => [name, () => ours.time(protocol.seconds, TIME_RATE, name)]),
    ),
    // The steps that nothing but multiply-adds would leave time for: the clock differs from minute to minute.
    beside: {
      peak: async () => {
        const steps =
          (protocol.seconds * (await measurePeak(probe, protocol.seconds))) / flopOf(row) / row.runs
        return { steps, seconds: protocol.seconds }
      },
    },
  }
  return {
    ...(await hold(contest, peers, protocol, tell)),
    layout: ours.layout,
    ...(int8x3Comparison === undefined ? {} : { int8x3Comparison }),
  }
}

/** Every precision of ours that is timed must be close to a peer. */
async function sameWeights(
  case_: DescentCase,
  ours: Ours,
  steps: number,
): Promise<Pick<Contest, 'compare'> & { int8x3Comparison?: string }> {
  const trained: Partial<Record<Precision, Float64Array>> = {}
  for (const name of ours.precisions) trained[name] = await ours.train(steps, CHECK_RATE, name)
  const words = (apart: number) => `${apart.toExponential(1)} of the way moved in ${steps} steps`
  const { compensated, int8x3 } = trained
  return {
    compare: ([theirs]) => {
      const each = Object.values(trained).map((weights) => difference(weights, theirs!, case_.weights))
      const apart = Math.max(...each)
      return { agrees: apart < CLOSE, comparison: words(apart) }
    },
    ...(int8x3 === undefined
      ? {}
      : { int8x3Comparison: words(difference(int8x3, compensated!, case_.weights)) }),
  }
}

/** Draws differ, so the loss over the runs must agree in mean and spread, at three times. */
async function sameLaw(
  case_: DescentCase,
  ours: Ours,
  checkSteps: readonly number[],
): Promise<Contest['compare']> {
  const losses: number[][] = []
  for (const steps of checkSteps)
    losses.push(lossesOf(case_, await ours.train(steps, CHECK_RATE, 'compensated')))
  return (theirs) => {
    const pairs = theirs.map((weights, k) => [losses[k]!, lossesOf(case_, weights)] as const)
    const apart = Math.max(...pairs.map(([a, b]) => standardErrors(a, b)))
    const spread = Math.max(...pairs.map(([a, b]) => Math.abs(spreadRatio(a, b))))
    return {
      agrees: apart < 4 && spread < 0.25, // 256 runs: the spread of ln(s/s') is 0.06
      comparison: `mean losses within ${apart.toFixed(1)} standard errors, spreads within ${(100 * (Math.exp(spread) - 1)).toFixed(0)} %`,
    }
  }
}
