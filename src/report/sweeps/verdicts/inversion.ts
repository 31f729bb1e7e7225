import { isNumber } from '../points.ts'
import {
  byFalling,
  featureNumbers,
  fullOrder,
  isSameOrder,
  type Judge,
  ranged,
  rangeOf,
  timesOf,
  type Witness,
} from './evidence.ts'
import { depthOf, isRising, laddersAlong } from './ladders.ts'
import { ask, counted, shareKept, type Tally, together, undecided, verdictOfTally } from './tally.ts'

/**
 * Where λ falls as ρ rises: JEPA at the largest depth learns by falling ρ and MAE at every depth by falling λ. Where depth varies,
 * JEPA at depth 1 learns by falling λ, and on the way from there its feature of lowest ρ falls behind that of highest ρ with
 * every layer.
 */
export const judgeInversion: Judge = (evidence) => {
  const { witnesses } = evidence
  const range = rangeOf(witnesses.map(depthOf))
  const of = (objective: string) => witnesses.filter(({ spec }) => spec.objective === objective)
  const [jepa, mae] = [of('jepa'), of('mae')]
  if (range === null || jepa.length === 0 || mae.length === 0)
    return undecided(
      `The claim compares JEPA with MAE, and there are ${jepa.length} and ${mae.length} runs of them.`,
    )
  const deep = ask(
    jepa.filter((each) => depthOf(each) === range.high),
    isLearnedByRho,
  )
  const alike = ask(mae, isLearnedByLambda)
  const figures = [
    {
      name: `share of JEPA runs at depth ${range.high} that learn by falling ρ`,
      measured: shareKept(deep),
      wanted: '1',
    },
    { name: 'share of MAE runs that learn by falling λ', measured: shareKept(alike), wanted: '1' },
  ]
  const parts = [verdictOfTally(deep), verdictOfTally(alike)]
  const told = [
    `at depth ${range.high} JEPA learns by falling ρ in ${counted(deep)}`,
    `MAE by falling λ in ${counted(alike)}`,
  ]
  if (range.low === 1 && range.high > 1) {
    const shallow: Tally = ask(
      jepa.filter((each) => depthOf(each) === 1),
      isLearnedByLambda,
    )
    figures.push({
      name: 'share of JEPA runs at depth 1 that learn by falling λ',
      measured: shareKept(shallow),
      wanted: '1',
    })
    parts.push(verdictOfTally(shallow))
    told.push(`at depth 1 JEPA by falling λ in ${counted(shallow)}`)
  }
  const ladders = laddersAlong(jepa, 'model.depth', depthOf).map((rungs) => rungs.map(lagOfLowestRho))
  if (ladders.length > 0) {
    const rises = ladders.map(isRising)
    const ends = (k: number) => ladders.map((ladder) => ladder.at(k)).filter(isNumber)
    parts.push(...rises)
    told.push(
      `from depth ${range.low} to ${range.high} the lag t*(lowest ρ)/t*(highest ρ) of JEPA goes from ${ranged(ends(0))} to ${ranged(ends(-1))}`,
    )
    const share = rises.filter((each) => each === true).length / rises.length
    figures.push({
      name: 'share of JEPA series in which t*(lowest ρ)/t*(highest ρ) rises with every layer',
      measured: share,
      wanted: '1',
    })
  }
  const because = `${told.join('; ')}.`
  return together(evidence, parts, because.charAt(0).toUpperCase() + because.slice(1), figures)
}

interface Orders {
  readonly rho: readonly number[]
  readonly lambda: readonly number[]
}

/** By falling ρ and by falling λ; null where these are not each other's reverse. */
function ordersOf(witness: Witness): Orders | null {
  const numbers = featureNumbers(witness)
  const [rho, lambda] = [numbers && byFalling(numbers.rho), numbers && byFalling(numbers.lambda)]
  if (rho === null || lambda === null || !isSameOrder(rho, lambda.toReversed())) return null
  return { rho, lambda }
}

function isLearnedByRho(witness: Witness): boolean | null {
  return isLearnedIn(witness, ordersOf(witness)?.rho)
}

function isLearnedByLambda(witness: Witness): boolean | null {
  return isLearnedIn(witness, ordersOf(witness)?.lambda)
}

function isLearnedIn(witness: Witness, wanted: readonly number[] | undefined): boolean | null {
  const found = fullOrder(witness)
  return wanted === undefined || found === null ? null : isSameOrder(wanted, found)
}

function lagOfLowestRho(witness: Witness): number | null {
  const orders = ordersOf(witness)
  if (orders === null || fullOrder(witness) === null) return null
  const times = timesOf(witness)
  const [highest, lowest] = [times[orders.rho[0]!], times[orders.rho.at(-1)!]]
  return isNumber(highest) && isNumber(lowest) ? lowest / highest : null
}
