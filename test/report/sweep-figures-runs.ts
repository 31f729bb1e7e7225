import { pointsOf, specAt } from '../../src/experiment/axes.ts'
import { depthOf } from '../../src/experiment/model-spec.ts'
import type { TrajectoryView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import { sweepRunOf } from '../../src/experiment/sweep-run.ts'
import type { Point, SweepRun } from '../../src/experiment/sweep-view.ts'
import type { Report } from '../../src/report/finished-run.ts'
import { buildReport } from '../../src/report/report.ts'
import { analyseSweep } from '../../src/report/sweeps/analysis.ts'
import { nextPoints } from '../../src/report/sweeps/boundary.ts'
import type { SweepDrawing } from '../../src/report/sweeps/figures/sweep-drawing.ts'
import { exactRun } from './exact-run.ts'

/** λ falls as ρ rises: JEPA and MAE learn these features in opposite order. */
export const inverted: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9] },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale: 1e-3 },
  training: { mode: 'flow', time: 3e4 },
}

/** Two features, the first of which λ₀ brings to the front. */
export const pair: ExperimentSpec = {
  ...inverted,
  data: { kind: 'gaussian', lambda: [1, 1], rho: [0.3, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  training: { mode: 'flow', time: 1e5 },
}

/** A sweep whose runs measured the exact solution; a boundary search is run to its end. */
export function exactSweep(
  spec: SweepSpec,
): SweepDrawing & { readonly trajectories: Map<string, TrajectoryView> } {
  const runs: SweepRun[] = []
  const trajectories = new Map<string, TrajectoryView>()
  const train = (points: readonly Point[]) => {
    for (const point of points) {
      const id = `r${String(runs.length).padStart(26, 'a')}`
      const report = reportAt(spec, point)
      runs.push(sweepRun(id, point, report))
      trajectories.set(id, report.trajectory)
    }
  }
  if (spec.search === 'boundary') {
    for (let next = nextPoints(spec, runs); next.length > 0; next = nextPoints(spec, runs)) train(next)
  } else {
    const points = pointsOf(spec)
    train(Array.from({ length: points.count }, (_, k) => points.at(k)))
  }
  return { id: 'sexample234567example234567', spec, runs, trajectories, analysis: analyseSweep(spec, runs) }
}

function reportAt({ base }: SweepSpec, point: Point): Report {
  const { objective, data, model, init, training } = specAt(base, point) as ExperimentSpec
  if (data.kind !== 'gaussian' || init.kind === 'explicit' || training.mode !== 'flow') {
    throw new Error('Exact runs are those of gradient flow from balanced starts.')
  }
  const { lambda, rho } = data
  const setting = {
    objective,
    depth: depthOf(model),
    scale: init.scale,
    lambda,
    rho,
    time: training.time,
    points: 40,
  }
  return buildReport(exactRun(setting))
}

function sweepRun(id: string, point: Point, { result }: Report): SweepRun {
  return sweepRunOf({ id, point, state: 'succeeded' }, result)
}

/** The same run as it stands before it has a result. */
export function withoutResult(run: SweepRun, state: SweepRun['state']): SweepRun {
  return sweepRunOf({ ...run, state }, null)
}
