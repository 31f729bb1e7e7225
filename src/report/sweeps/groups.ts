import type { Mean, Point, SweepGroup, SweepRun } from '../../experiment/sweep-view.ts'
import { isNumber, pointWithout, runsByPoint } from './points.ts'
import { meanOf } from './student.ts'

/** The path over which groups are formed. */
export const SEED = 'seed'

/**
 * Runs that differ in their seed alone, in the order in which the first of each came. A feature that a run never learns, and a run
 * without a result, are left out of the means they would belong to, and `n` says so.
 */
export function groupsOf(runs: readonly SweepRun[]): SweepGroup[] {
  return [...runsByPoint(runs, [SEED]).values()].map((members) => groupOf(members))
}

function groupOf(members: readonly SweepRun[]): SweepGroup {
  const point: Point = pointWithout(members[0]!.point, [SEED])
  const numbers = (pick: (run: SweepRun) => number | null | undefined) => members.map(pick).filter(isNumber)
  const perFeature = (pick: (run: SweepRun, i: number) => number | null | undefined): Mean[] =>
    Array.from({ length: featuresIn(members) }, (_, i) => meanOf(numbers((run) => pick(run, i))))
  return {
    point,
    runs: members.map(({ id }) => id),
    criticalTimes: perFeature((run, i) => run.criticalTimes?.measured[i]),
    // Where a run that diverged was broken off says nothing of where others end.
    finalAmplitudes: perFeature((run, i) => (run.state === 'diverged' ? null : run.amplitudes?.final[i])),
    greedyIndex: meanOf(numbers((run) => run.greedyIndex?.measured)),
    ...(members.some(({ orderCorrelation }) => orderCorrelation !== undefined) && {
      orderCorrelation: {
        byLambda: meanOf(numbers((run) => run.orderCorrelation?.byLambda)),
        byRho: meanOf(numbers((run) => run.orderCorrelation?.byRho)),
      },
    }),
    ...(members.some(({ accuracy }) => accuracy !== undefined) && { accuracy: accuracyOf(members) }),
  }
}

function accuracyOf(members: readonly SweepRun[]): NonNullable<SweepGroup['accuracy']> {
  const ended = members.flatMap(({ state, accuracy }) => {
    const { initial, final } = accuracy ?? {}
    return state !== 'diverged' && isNumber(initial) && isNumber(final) ? [{ initial, final }] : []
  })
  return {
    initial: meanOf(ended.map(({ initial }) => initial)),
    final: meanOf(ended.map(({ final }) => final)),
    gain: meanOf(ended.map(({ initial, final }) => final - initial)),
  }
}

function featuresIn(members: readonly SweepRun[]): number {
  return members.reduce((most, { criticalTimes }) => Math.max(most, criticalTimes?.measured.length ?? 0), 0)
}
