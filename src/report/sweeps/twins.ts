import type { Mean, SweepRun, SweepTwins } from '../../experiment/sweep-view.ts'
import { SEED } from './groups.ts'
import { isNumber, pointWithout, runsByPoint } from './points.ts'
import { answerOf } from './question.ts'
import { meanOf } from './student.ts'

/** The path that tells twins apart. */
export const OBJECTIVE = 'objective'

/** JEPA and MAE on the same data, from the same start, with the same draws; both have a result. */
interface Pair {
  readonly jepa: SweepRun
  readonly mae: SweepRun
}

/** Pairs that differ in the objective alone, and over the seeds of each point what JEPA has more than MAE. */
export function twinsOf(runs: readonly SweepRun[]): SweepTwins[] {
  const pairs = [...runsByPoint(runs, [OBJECTIVE]).values()].flatMap(pairOf)
  const seeds = runsByPoint(
    pairs.map((pair) => ({ point: pair.jepa.point, pair })),
    [OBJECTIVE, SEED],
  )
  return [...seeds.values()].map((members) => compare(members.map(({ pair }) => pair)))
}

function pairOf(members: readonly SweepRun[]): Pair[] {
  const of = (objective: string) =>
    members.find(({ point, order }) => point[OBJECTIVE] === objective && order !== null)
  const [jepa, mae] = [of('jepa'), of('mae')]
  return jepa === undefined || mae === undefined ? [] : [{ jepa, mae }]
}

function compare(pairs: readonly Pair[]): SweepTwins {
  const paired = (of: (run: SweepRun) => number | null | undefined): Mean =>
    meanOf(
      pairs.flatMap(({ jepa, mae }) => {
        const [a, b] = [of(jepa), of(mae)]
        return isNumber(a) && isNumber(b) ? [a - b] : []
      }),
    )
  const told = pairs
    .map(({ jepa, mae }) => answerOf('orders-differ', [jepa, mae]))
    .filter((each) => each !== null)
  const features = pairs.reduce((most, { jepa }) => Math.max(most, timesOf(jepa).length), 0)
  return {
    point: pointWithout(pairs[0]!.jepa.point, [OBJECTIVE, SEED]),
    pairs: pairs.map(({ jepa, mae }) => ({ jepa: jepa.id, mae: mae.id })),
    ordersDiffer: told.length === 0 ? null : told.filter(Boolean).length / told.length,
    greedyIndex: paired((run) => run.greedyIndex?.measured),
    spread: paired((run) => spreadOf(timesOf(run))),
    logCriticalTimes: Array.from({ length: features }, (_, i) => paired((run) => logarithm(timesOf(run)[i]))),
    ...(pairs.some(({ jepa }) => jepa.orderCorrelation !== undefined) && {
      orderCorrelation: {
        byLambda: paired((run) => run.orderCorrelation?.byLambda),
        byRho: paired((run) => run.orderCorrelation?.byRho),
      },
    }),
  }
}

/** Relative spread (last − first)/last of critical times over the features learned; null for fewer than two of them. */
export function spreadOf(times: readonly (number | null)[]): number | null {
  let [count, first, last] = [0, Number.POSITIVE_INFINITY, 0]
  for (const time of times) {
    if (time === null) continue
    count += 1
    first = Math.min(first, time)
    last = Math.max(last, time)
  }
  if (count < 2) return null
  return last === 0 ? 0 : (last - first) / last
}

function timesOf(run: SweepRun): readonly (number | null)[] {
  return run.criticalTimes?.measured ?? []
}

function logarithm(time: number | null | undefined): number | null {
  return isNumber(time) && time > 0 ? Math.log10(time) : null
}
