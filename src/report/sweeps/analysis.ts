import type { SweepSpec } from '../../experiment/sweep.ts'
import type { SweepAnalysis, SweepRun } from '../../experiment/sweep-view.ts'
import { boundaryOf } from './boundary.ts'
import { groupsOf, SEED } from './groups.ts'
import { OBJECTIVE, twinsOf } from './twins.ts'
import { verdictOf } from './verdicts/verdict.ts'

/**
 * What a sweep's runs come to, in time linear in their number: groups where the seed is an axis, twins where the objective is,
 * the boundary where one was searched, a verdict where a claim is named.
 */
export function analyseSweep(spec: SweepSpec, runs: readonly SweepRun[]): SweepAnalysis {
  const boundary = spec.search === 'boundary' ? boundaryOf(spec, runs) : null
  return {
    ...(SEED in spec.axes && { groups: groupsOf(runs) }),
    ...(OBJECTIVE in spec.axes && { twins: twinsOf(runs) }),
    ...(boundary !== null && { boundary }),
    ...(spec.claim !== undefined && { verdict: verdictOf(spec.claim, spec, runs, boundary) }),
  }
}
