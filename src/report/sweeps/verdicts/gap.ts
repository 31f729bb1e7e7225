import type { Objective } from '../../../experiment/spec.ts'
import { isNumber } from '../points.ts'
import { spreadOf } from '../twins.ts'
import { type Finding, figure, type Judge, ranged, timesOf, type Witness } from './evidence.ts'
import { depthOf, isRising, laddersAlong } from './ladders.ts'
import { together, undecided } from './tally.ts'

type Series = (number | null)[]

/** JEPA's relative spread of critical times rises with every layer; MAE's is smaller at the largest depth than at the smallest. */
export const judgeDepthGap: Judge = (evidence) => {
  const series = (objective: Objective) =>
    laddersAlong(only(evidence.witnesses, objective), 'model.depth', depthOf).map((rungs) =>
      rungs.map((witness) => spreadOf(timesOf(witness))),
    )
  const [jepa, mae] = [series('jepa'), series('mae')]
  if (jepa.length === 0 || mae.length === 0)
    return undecided(
      'The claim needs runs of JEPA and of MAE that differ in model.depth alone, and there are none of one of them.',
    )
  const figures = [
    {
      name: 'share of JEPA series whose spread rises with every layer',
      measured: shareOf(jepa.map(isRising)),
      wanted: '1',
    },
    {
      name: 'share of MAE series whose spread falls from the first depth to the last',
      measured: shareOf(mae.map(isFalling)),
      wanted: '1',
    },
    ...ends('JEPA', jepa, 'larger at the last'),
    ...ends('MAE', mae, 'smaller at the last'),
  ]
  const because = `Over the depths the relative spread of critical times goes from ${fromTo(jepa)} for JEPA and from ${fromTo(mae)} for MAE.`
  return together(evidence, [...jepa.map(isRising), ...mae.map(isFalling)], because, figures)
}

const SPAN = 0.1 // of the greedy index, below which scales lie too close to tell

/** The greedy index rises as the scale of the start falls, for every objective in the sweep. */
export const judgeSmallScale: Judge = (evidence) => {
  const ladders = laddersAlong(evidence.witnesses, 'init.scale', scaleOf).map((rungs) => rungs.toReversed())
  if (ladders.length === 0)
    return undecided('The claim needs runs that differ in init.scale alone, and there are none.')
  const series = ladders.map((rungs) => rungs.map(({ run }) => run.greedyIndex?.measured ?? null))
  const parts = series.map((each) => {
    const rises = isRising(each)
    return rises === true && each.at(-1)! - each[0]! < SPAN ? null : rises
  })
  const figures: Finding['figures'] = [
    {
      name: 'share of series whose greedy index rises with every smaller scale',
      measured: shareOf(series.map(isRising)),
      wanted: '1',
    },
  ]
  for (const [k, objective] of ladders
    .slice(0, 8)
    .map((rungs) => rungs[0]!.spec.objective)
    .entries()) {
    const [large, small] = [ladders[k]![0]!, ladders[k]!.at(-1)!]
    const name = (rung: Witness) =>
      `greedy index of ${objective.toUpperCase()} at ε = ${figure(scaleOf(rung))}`
    figures.push(
      { name: name(large), measured: series[k]![0] ?? null, wanted: 'the smallest' },
      { name: name(small), measured: series[k]!.at(-1) ?? null, wanted: 'the largest' },
    )
  }
  const because = `From the largest to the smallest ε the greedy index goes from ${fromTo(series)}; it rises with every smaller ε in ${parts.filter((part) => part === true).length} of ${parts.length} series.`
  return together(evidence, parts, because, figures)
}

function only(witnesses: readonly Witness[], objective: Objective): Witness[] {
  return witnesses.filter(({ spec }) => spec.objective === objective)
}

function scaleOf({ spec }: Witness): number {
  return 'scale' in spec.init ? spec.init.scale : Number.NaN
}

function isFalling(values: Series): boolean | null {
  const [first, last] = [values[0] ?? null, values.at(-1) ?? null]
  return first === null || last === null ? null : last < first
}

function shareOf(answers: readonly (boolean | null)[]): number | null {
  const told = answers.filter((answer) => answer !== null)
  return told.length === 0 ? null : told.filter(Boolean).length / told.length
}

function fromTo(series: readonly Series[]): string {
  const at = (k: number) => ranged(series.map((each) => each.at(k)).filter(isNumber))
  return `${at(0)} to ${at(-1)}`
}

function ends(name: string, series: readonly Series[], wanted: string): Finding['figures'] {
  const mean = (k: number) => {
    const values = series.map((each) => each.at(k)).filter(isNumber)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return [
    { name: `mean spread of ${name} at the first depth`, measured: mean(0), wanted },
    { name: `mean spread of ${name} at the last depth`, measured: mean(-1), wanted },
  ]
}
