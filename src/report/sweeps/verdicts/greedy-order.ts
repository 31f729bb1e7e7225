import { isNumber } from '../points.ts'
import { spreadOf } from '../twins.ts'
import {
  areEqual,
  byFalling,
  type FeatureNumbers,
  featureNumbers,
  fullOrder,
  isSameOrder,
  type Judge,
  ranged,
  rangeOf,
  timesOf,
  type Witness,
} from './evidence.ts'
import { ask, counted, shareKept, together, undecided, verdictOfTally } from './tally.ts'

/** At equal ρ every run learns by falling λ, whatever its objective. */
export const judgeGreedyInLambda: Judge = (evidence) => {
  const { witnesses } = evidence
  const expected = (numbers: FeatureNumbers) => (areEqual(numbers.rho) ? byFalling(numbers.lambda) : null)
  const tally = ask(witnesses, (witness) => isLearnedBy(witness, expected))
  const deviation = witnesses.reduce((most, witness) => Math.max(most, unevenness(witness)), 0)
  const figures = [
    { name: 'share of runs that learn by falling λ', measured: shareKept(tally), wanted: '1' },
    {
      name: 'largest deviation of λ t* from its mean over the features of a run',
      measured: deviation,
      wanted: '0 in the exact flow',
    },
  ]
  const because = `Features of equal ρ are learned by falling λ in ${counted(tally)}.`
  return together(evidence, [verdictOfTally(tally)], because, figures)
}

/** At equal λ JEPA learns by falling ρ; MAE does not, and its features come closer together than JEPA's. */
export const judgeGreedyInRho: Judge = (evidence) => {
  const of = (objective: string) => evidence.witnesses.filter(({ spec }) => spec.objective === objective)
  const [jepa, mae] = [of('jepa'), of('mae')]
  if (jepa.length === 0 || mae.length === 0)
    return undecided(
      `The claim compares JEPA with MAE, and there are ${jepa.length} and ${mae.length} runs of them.`,
    )
  const expected = (numbers: FeatureNumbers) => (areEqual(numbers.lambda) ? byFalling(numbers.rho) : null)
  const [byRho, alsoMae] = [jepa, mae].map((each) => ask(each, (witness) => isLearnedBy(witness, expected)))
  const notMae = { kept: alsoMae!.broken, broken: alsoMae!.kept, undecided: alsoMae!.undecided }
  const [least, most] = [rangeOf(spreads(jepa))?.low ?? null, rangeOf(spreads(mae))?.high ?? null]
  const isWider = least === null || most === null ? null : least > most
  const figures = [
    { name: 'share of JEPA runs that learn by falling ρ', measured: shareKept(byRho!), wanted: '1' },
    { name: 'share of MAE runs that do not', measured: shareKept(notMae), wanted: '1' },
    { name: 'smallest relative spread of JEPA', measured: least, wanted: "above MAE's largest" },
    { name: 'largest relative spread of MAE', measured: most, wanted: "below JEPA's smallest" },
  ]
  const because = `JEPA learns by falling ρ in ${counted(byRho!)}, MAE in another order in ${counted(notMae)}; relative spreads are ${ranged(spreads(jepa))} for JEPA and ${ranged(spreads(mae))} for MAE.`
  return together(evidence, [verdictOfTally(byRho!), verdictOfTally(notMae), isWider], because, figures)
}

/** Whether a run learned its features in an order that follows from their numbers; null where it cannot say. */
function isLearnedBy(
  witness: Witness,
  expected: (numbers: FeatureNumbers) => readonly number[] | null,
): boolean | null {
  const numbers = featureNumbers(witness)
  const [wanted, found] = [numbers && expected(numbers), fullOrder(witness)]
  return wanted === null || found === null ? null : isSameOrder(wanted, found)
}

function spreads(witnesses: readonly Witness[]): number[] {
  return witnesses.map((witness) => spreadOf(timesOf(witness))).filter(isNumber)
}

/** How far λ t* is from being one number for all features of a run. */
function unevenness(witness: Witness): number {
  const numbers = featureNumbers(witness)
  const products = timesOf(witness).flatMap((time, i) =>
    time === null || numbers === null ? [] : [time * numbers.lambda[i]!],
  )
  if (products.length === 0) return 0
  const mean = products.reduce((sum, value) => sum + value, 0) / products.length
  return Math.max(...products.map((value) => Math.abs(value / mean - 1)))
}
