import type { Mean, Point, SweepTwins } from '../../../experiment/sweep-view.ts'
import { groupsOf } from '../groups.ts'
import { pointWithout } from '../points.ts'
import { OBJECTIVE, twinsOf } from '../twins.ts'
import { type Evidence, figure, type Judge, timesOf } from './evidence.ts'
import { together, undecided } from './tally.ts'

/**
 * Whether nets by JEPA learn in the order of falling ρ more than nets by MAE from the same start on the same data: the difference of
 * Spearman's rank correlations of their orders of learning with falling ρ, over seeds. At each point it holds where the 95 % interval
 * of the mean lies above 0, is refuted where it lies below, and is open where 0 is in it. What was never learned comes last, all
 * together; where nothing was learned there is no order and no difference.
 */
export const judgeNets: Judge = (evidence) => {
  const runs = evidence.witnesses.map(({ run }) => run)
  const twins = twinsOf(runs).filter(({ orderCorrelation }) => orderCorrelation !== undefined)
  if (twins.length === 0)
    return undecided('The claim compares nets by JEPA with nets by MAE, and no two runs are such twins.')
  const groups = groupsOf(runs)
  const about = twins.map((pair) => {
    const of = (objective: string) =>
      groups.find(({ point }) => isAt(point, objective, pair.point))?.orderCorrelation
    return { where: placeOf(pair.point), gap: gapOf(pair), jepa: of('jepa'), mae: of('mae') }
  })
  const figures = about.flatMap(({ where, gap, jepa, mae }) => [
    { name: `JEPA − MAE, rank correlation with falling ρ${where}`, measured: gap.mean, wanted: 'above 0' },
    { name: `JEPA${where}`, measured: jepa?.byRho.mean ?? null, wanted: 'more than MAE' },
    { name: `MAE${where}`, measured: mae?.byRho.mean ?? null, wanted: 'less than JEPA' },
  ])
  const told = about.map(({ where, gap }) => `${inWords(gap)}${where}`)
  const because = `JEPA's order of learning goes with falling ρ more than MAE's by ${told.join(', ')}.${startNote(evidence)}`
  return together(
    evidence,
    about.map(({ gap }) => isAbove(gap)),
    because,
    figures,
  )
}

function gapOf({ orderCorrelation }: SweepTwins): Mean {
  return orderCorrelation?.byRho ?? { n: 0, mean: null, interval: null }
}

/** Open where the interval has 0 in it, or there is none. */
export function isAbove({ interval }: Mean): boolean | null {
  if (interval === null) return null
  const [low, high] = interval
  if (low > 0) return true
  return high < 0 ? false : null
}

function isAt(point: Point, objective: string, where: Point): boolean {
  return (
    point[OBJECTIVE] === objective &&
    JSON.stringify(pointWithout(point, [OBJECTIVE])) === JSON.stringify(where)
  )
}

export function placeOf(point: Point): string {
  const parts = Object.entries(point).map(([path, value]) => {
    const text = typeof value === 'number' ? figure(value) : JSON.stringify(value)
    return `${path.split('.').at(-1)} ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`
  })
  return parts.length === 0 ? '' : ` at ${parts.join(', ')}`
}

/** @param unit what n counts */
export function inWords({ n, mean, interval }: Mean, unit = 'pair'): string {
  if (mean === null) return 'an unknown amount'
  if (interval === null) return `${figure(mean)} (${n} ${unit})`
  return `${figure(mean)} (${interval.map(figure).join(' to ')}, ${n} ${unit}s)`
}

/** A random net tells something of loud features before it learns anything. */
function startNote({ witnesses }: Evidence): string {
  const early = witnesses.filter((witness) => timesOf(witness).some((time) => time === 0)).length
  return early === 0
    ? ''
    : ` ${early} of ${witnesses.length} runs could tell a feature before any training, which then counts as learned at once.`
}
