import { axisLength } from '../../../experiment/axes.ts'
import type { ClaimName, SweepSpec } from '../../../experiment/sweep.ts'
import type { SweepAnalysis, SweepRun } from '../../../experiment/sweep-view.ts'
import { runsOfPanels } from './runs-of-panels.ts'
import type { SweepFigureKind } from './sweep-drawing.ts'

/** The picture that shows best what a claim says; others follow from the axes. */
const OF_CLAIM: Readonly<Partial<Record<ClaimName, SweepFigureKind>>> = {
  'greedy-in-lambda': 'amplitudes',
  'greedy-in-rho': 'amplitudes',
  inversion: 'amplitudes',
  'depth-widens-gap': 'critical-times',
  'small-scale-is-greedy': 'critical-times',
  'random-start-collapses': 'critical-times',
  'static-noise-depth': 'order',
  'temporal-depth': 'order',
  'generalised-features': 'amplitudes',
  'batch-size-drift': 'critical-times',
  'jepa-follows-rho': 'twins',
  'jepa-keeps-by-rho': 'critical-times',
  'jepa-loses-classes': 'amplitudes',
}

/** What can be drawn of a sweep, the default first. */
export function kindsFor(spec: SweepSpec, analysis: SweepAnalysis): SweepFigureKind[] {
  const axes = Object.entries(spec.axes).filter(([path]) => path !== 'objective' && path !== 'seed')
  const long = axes.filter(([, axis]) => axisLength(axis) > 1)
  const canHave: [SweepFigureKind, boolean][] = [
    ['phase', spec.search === 'boundary' || long.length >= 2],
    ['critical-times', long.length > 0],
    ['twins', (analysis.twins?.length ?? 0) > 0],
    ['order', true],
    ['amplitudes', true],
  ]
  const kinds = canHave.filter(([, can]) => can).map(([kind]) => kind)
  const best = spec.claim === undefined ? undefined : OF_CLAIM[spec.claim]
  const first = kinds.find((kind) => spec.search !== 'boundary' && kind === best) ?? kinds[0]!
  return [first, ...kinds.filter((kind) => kind !== first)]
}

/** Ids of the runs whose trajectories a figure needs. */
export function runsToDraw(spec: SweepSpec, runs: readonly SweepRun[], kind: SweepFigureKind): string[] {
  return kind === 'amplitudes' ? runsOfPanels(spec, runs).map(({ id }) => id) : []
}
