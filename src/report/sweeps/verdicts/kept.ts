import type { Mean, Point } from '../../../experiment/sweep-view.ts'
import { SEED } from '../groups.ts'
import { isNumber, pointWithout, runsByPoint } from '../points.ts'
import { meanOf } from '../student.ts'
import { OBJECTIVE } from '../twins.ts'
import { type Judge, problemOf, type Witness } from './evidence.ts'
import { inWords, isAbove, placeOf } from './nets.ts'
import { together, undecided } from './tally.ts'

/**
 * What nets can tell at the end, by ρ: the lean of a run is the mean R² at its end of the latents of the highest ρ less that of those of the
 * lowest, and JEPA's less MAE's from the same start is averaged over seeds. At each point the claim holds where the 95 % interval lies above 0
 * and is refuted where it lies below. Points at which no net by JEPA ends with half of any latent say nothing of it and are named.
 */
export const judgeKept: Judge = (evidence) => {
  const about = pointsOf(evidence.witnesses)
  const told = about.filter(({ isEmpty }) => !isEmpty)
  if (told.length === 0)
    return undecided(
      about.length === 0
        ? 'The claim compares nets by JEPA with nets by MAE on data with known latents, and no two runs are such twins.'
        : 'No net by JEPA ends with half of any latent.',
    )
  const figures = told.flatMap(({ where, gap, jepa, mae }) => [
    { name: `JEPA − MAE, lean to high ρ${where}`, measured: gap.mean, wanted: 'above 0' },
    { name: `JEPA${where}`, measured: jepa.mean, wanted: 'more than MAE' },
    { name: `MAE${where}`, measured: mae.mean, wanted: 'less than JEPA' },
  ])
  const empty = about.filter(({ isEmpty }) => isEmpty).map(({ where }) => where.replace(/^ at /, ''))
  const because = [
    `At the end JEPA leans to the latents of high ρ more than MAE by ${told.map(({ where, gap }) => `${inWords(gap)}${where}`).join(', ')}.`,
    ...(empty.length === 0 ? [] : [`At ${empty.join(', ')} it ends with half of none.`]),
  ]
  return together(
    evidence,
    told.map(({ gap }) => isAbove(gap)),
    because.join(' '),
    figures,
  )
}

interface AtPoint {
  readonly where: string
  /** JEPA − MAE, pair by pair. */
  readonly gap: Mean
  readonly jepa: Mean
  readonly mae: Mean
  readonly isEmpty: boolean
}

interface Pair {
  readonly point: Point
  readonly jepa: Witness
  readonly mae: Witness
}

function pointsOf(witnesses: readonly Witness[]): AtPoint[] {
  const pairs = [...runsByPoint(witnesses, [OBJECTIVE]).values()].flatMap((members): Pair[] => {
    const of = (objective: string) =>
      members.find((witness) => witness.spec.objective === objective && leanOf(witness) !== null)
    const [jepa, mae] = [of('jepa'), of('mae')]
    return jepa === undefined || mae === undefined ? [] : [{ point: jepa.point, jepa, mae }]
  })
  return [...runsByPoint(pairs, [OBJECTIVE, SEED]).values()].map((members) => ({
    where: placeOf(pointWithout(members[0]!.point, [OBJECTIVE, SEED])),
    gap: meanOf(members.map(({ jepa, mae }) => leanOf(jepa)! - leanOf(mae)!)),
    jepa: meanOf(members.map(({ jepa }) => leanOf(jepa)!)),
    mae: meanOf(members.map(({ mae }) => leanOf(mae)!)),
    isEmpty: members.every(({ jepa }) => finalOf(jepa).every((value) => (value ?? 0) < HALF)),
  }))
}

const HALF = 0.5

/** Null where the data have no known latents, all are of one ρ, or one was not measured. */
function leanOf(witness: Witness): number | null {
  const rho = problemOf(witness)?.latents?.rho ?? []
  const [lowest, highest] = [Math.min(...rho), Math.max(...rho)]
  const meanAt = (level: number): number | null => {
    const values = finalOf(witness).filter((_, i) => rho[i] === level)
    return values.every(isNumber) ? meanOf(values).mean : null
  }
  const [low, high] = [meanAt(lowest), meanAt(highest)]
  return low === null || high === null || lowest === highest ? null : high - low
}

function finalOf({ run }: Witness): readonly (number | null)[] {
  return run.amplitudes?.final ?? []
}
