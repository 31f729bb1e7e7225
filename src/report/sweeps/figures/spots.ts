import { canonicalJson } from '../../../experiment/identity.ts'
import type { Objective } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Mean, Point, SweepRun } from '../../../experiment/sweep-view.ts'
import { isNumber } from '../points.ts'
import { meanOf } from '../student.ts'
import { type FinishedSweepRun, hasResult } from './sweep-drawing.ts'

/** Runs of a sweep that differ in their seed alone, as one place of a figure. */
export interface Spot {
  readonly objective: Objective
  readonly point: Point
  readonly runs: readonly FinishedSweepRun[]
  /** Critical time of each feature over the runs that learn it, with the interval over seeds where there is one; 0 where most have it from the start. */
  readonly times: readonly Mean[]
  /** Theory's mean over those runs; over all where none learns the feature. */
  readonly predicted: readonly (number | null)[] // [features]
  /** Mean place in the order of learning, from 1; null where no run learns the feature. */
  readonly ranks: readonly (number | null)[]
  readonly predictedRanks: readonly (number | null)[]
  /** Amplitude at the end of the run as a share of the fixed point; over the features that have one. */
  readonly ends: readonly Mean[] // [features]
  /** Of nets, R² of each feature at the end of the runs that did not diverge; empty for other models. */
  readonly kept: readonly Mean[] // [features]
  readonly greedy: Mean
  readonly predictedGreedy: number | null
}

/** The spots of a sweep in the order of its runs; runs without a result are in none. */
export function spotsOf(spec: SweepSpec, runs: readonly SweepRun[]): Spot[] {
  const byKey = new Map<string, FinishedSweepRun[]>()
  for (const run of runs) {
    if (!hasResult(run)) continue
    const key = keyOf(run.point)
    const others = byKey.get(key)
    if (others === undefined) byKey.set(key, [run])
    else others.push(run)
  }
  return [...byKey.values()].map((members) => spotOf(spec, members))
}

function spotOf(spec: SweepSpec, members: readonly FinishedSweepRun[]): Spot {
  const d = Math.max(...members.map(({ criticalTimes }) => criticalTimes.measured.length))
  const over = (pick: (run: FinishedSweepRun) => number | null | undefined): Mean =>
    meanOf(members.map(pick).filter(isNumber))
  const perFeature = <T>(of: (i: number) => T): T[] => Array.from({ length: d }, (_, i) => of(i))
  const areNets = members.some(({ orderCorrelation }) => orderCorrelation !== undefined)
  const keptBy = ({ state, amplitudes }: FinishedSweepRun, i: number) =>
    state === 'diverged' ? null : amplitudes?.final[i]
  return {
    objective: objectiveOf(spec, members[0]!),
    point: members[0]!.point,
    runs: members,
    times: perFeature((i) => timeIn(members, i)),
    predicted: perFeature((i) => predictedOf(members, i)),
    ranks: perFeature((i) => over((run) => rankOf(run, 'measured', i)).mean),
    predictedRanks: perFeature((i) => over((run) => rankOf(run, 'predicted', i)).mean),
    ends: perFeature((i) => over((run) => endOf(run, i))),
    kept: areNets ? perFeature((i) => over((run) => keptBy(run, i))) : [],
    greedy: over((run) => run.greedyIndex?.measured),
    predictedGreedy: over((run) => run.greedyIndex?.predicted).mean,
  }
}

/** Where a feature is there from the start in half of the runs or more, as in nets, it is there: 0. Else the mean over the others, for one of 0 and a late time is neither. */
function timeIn(members: readonly FinishedSweepRun[], feature: number): Mean {
  const times = members.map(({ criticalTimes }) => criticalTimes.measured[feature]).filter(isNumber)
  const later = times.filter((time) => time > 0)
  const isThere = later.length < times.length && 2 * later.length <= times.length
  return isThere ? { n: times.length, mean: 0, interval: null } : meanOf(later)
}

export function objectiveOf({ base }: SweepSpec, { point }: { point: Point }): Objective {
  return (point.objective ?? base.objective) as Objective
}

function keyOf({ seed: _, ...point }: Point): string {
  return canonicalJson(point)
}

function predictedOf(members: readonly FinishedSweepRun[], feature: number): number | null {
  const learned = members.filter(({ criticalTimes }) => criticalTimes.measured[feature] != null)
  const those = learned.length > 0 ? learned : members
  return meanOf(those.map(({ criticalTimes }) => criticalTimes.predicted[feature]).filter(isNumber)).mean
}

function endOf({ amplitudes }: FinishedSweepRun, feature: number): number | null {
  const [final, fixedPoint] = [amplitudes?.final[feature], amplitudes?.fixedPoint[feature]]
  return final == null || fixedPoint == null || fixedPoint === 0 ? null : final / fixedPoint
}

function rankOf(run: FinishedSweepRun, source: 'measured' | 'predicted', feature: number): number | null {
  if (run.criticalTimes[source][feature] == null) return null
  return run.order[source].indexOf(feature) + 1
}
