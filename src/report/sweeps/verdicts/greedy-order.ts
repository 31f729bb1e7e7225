import { isNumber, runsByPoint } from '../points.ts'
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
import { ask, counted, shareKept, type Tally, together, undecided, verdictOfTally } from './tally.ts'

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

/** At equal λ JEPA learns by falling ρ; MAE does not, and its features come closer together than those of its twin. */
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
  const [jepaSpreads, maeSpreads] = [spreads(byRho!), spreads(notMae)]
  const wider = pairsOf(evidence.witnesses).map((pair) => spreadIsWider(pair, expected))
  const told = wider.filter((each) => each !== null)
  const figures = [
    { name: 'share of JEPA runs that learn by falling ρ', measured: shareKept(byRho!), wanted: '1' },
    { name: 'share of MAE runs that do not', measured: shareKept(notMae), wanted: '1' },
    {
      name: 'share of twins in which the relative spread of JEPA is the larger',
      measured: told.length === 0 ? null : told.filter(Boolean).length / told.length,
      wanted: '1',
    },
    {
      name: 'smallest relative spread of JEPA',
      measured: rangeOf(jepaSpreads)?.low ?? null,
      wanted: "above its twin's",
    },
    {
      name: 'largest relative spread of MAE',
      measured: rangeOf(maeSpreads)?.high ?? null,
      wanted: "below its twin's",
    },
  ]
  const because = `JEPA learns by falling ρ in ${counted(byRho!)}, MAE in another order in ${counted(notMae)}; relative spreads are ${ranged(jepaSpreads)} for JEPA and ${ranged(maeSpreads)} for MAE, the larger for JEPA in ${told.filter(Boolean).length} of ${wider.length} twins.`
  const pairwise = told.includes(false)
    ? false
    : told.length === 0 || told.length < wider.length
      ? null
      : true
  return together(evidence, [verdictOfTally(byRho!), verdictOfTally(notMae), pairwise], because, figures)
}

/** Runs that differ in the objective alone, both of them there. */
function pairsOf(witnesses: readonly Witness[]): { jepa: Witness; mae: Witness }[] {
  return [...runsByPoint(witnesses, ['objective']).values()].flatMap((members) => {
    const of = (objective: string) => members.find(({ spec }) => spec.objective === objective)
    const [jepa, mae] = [of('jepa'), of('mae')]
    return jepa === undefined || mae === undefined ? [] : [{ jepa, mae }]
  })
}

function spreadIsWider(
  { jepa, mae }: { jepa: Witness; mae: Witness },
  expected: (numbers: FeatureNumbers) => readonly number[] | null,
): boolean | null {
  if (isLearnedBy(jepa, expected) === null || isLearnedBy(mae, expected) === null) return null
  return spreadOf(timesOf(jepa))! > spreadOf(timesOf(mae))!
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

/** Relative spreads of the runs that could say. */
function spreads({ kept, broken }: Tally): number[] {
  return [...kept, ...broken].map((witness) => spreadOf(timesOf(witness))).filter(isNumber)
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
