import { specAt } from '../../../experiment/axes.ts'
import { isLinear, type ResolvedSpec, resolveSpec } from '../../../experiment/resolve.ts'
import type { ResultView, TrajectoryView } from '../../../experiment/result-view.ts'
import type { ExperimentSpec } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Traced } from '../../curves.ts'
import { settingInWords } from './axis-words.ts'
import { toldAt } from './features.ts'
import { runsOfPanels } from './runs-of-panels.ts'
import { spectrumFromTheory } from './spectrum-from-theory.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import { type FinishedSweepRun, hasResult, type SweepDrawing } from './sweep-drawing.ts'

/** A run of a sweep as a small panel of its curves. */
export interface SmallPanel extends Traced {
  readonly id: string
  readonly title: string
}

/** The panels of the runs whose trajectories are there, in rows of `columns`. */
export function smallPanels({ spec, runs, trajectories }: SweepDrawing): {
  panels: SmallPanel[]
  columns: number
  notes: string[]
} {
  const axes = sweepAxes(spec, runs)
  const picked = runsOfPanels(spec, runs)
  const panels = picked.flatMap((run): SmallPanel[] => {
    const trajectory = trajectories?.get(run.id)
    return trajectory === undefined ? [] : [panelOf(spec, run, trajectory, axes)]
  })
  const finished = runs.filter(hasResult).length
  const isPaired = panels.some(({ spec: { objective } }) => objective !== panels[0]?.spec.objective)
  return {
    panels: isPaired && panels.length <= 8 ? byObjective(panels) : panels,
    columns: columnsOf(panels.length, isPaired),
    notes: panels.length < finished ? [`${panels.length} of ${finished} finished runs are drawn.`] : [],
  }
}

/** JEPA in the upper row, MAE in the lower. */
function byObjective(panels: readonly SmallPanel[]): SmallPanel[] {
  const of = (objective: string) => panels.filter(({ spec }) => spec.objective === objective)
  return [...of('jepa'), ...of('mae')]
}

function columnsOf(count: number, isPaired: boolean): number {
  if (isPaired) return count <= 2 ? 2 : count <= 8 ? Math.ceil(count / 2) : 4
  return count <= 4 ? count : Math.min(4, Math.ceil(count / 2))
}

function panelOf(
  sweep: SweepSpec,
  run: FinishedSweepRun,
  trajectory: TrajectoryView,
  axes: readonly SweepAxis[],
): SmallPanel {
  const asked = specAt(sweep.base, run.point) as ExperimentSpec
  const spec = resolveSpec(asked, trajectory.features.length)
  const settings = axes.map((axis) => {
    const place = axis.places.indexOf(axis.placeOf(run.point)!)
    return settingInWords(axis, axis.labels[place] ?? '')
  })
  return {
    id: run.id,
    title: [spec.objective.toUpperCase(), ...settings].join(', '),
    spec,
    result: { features: featuresOf(sweep, run, trajectory, spec) },
    trajectory,
  }
}

function featuresOf(
  sweep: SweepSpec,
  run: FinishedSweepRun,
  { features }: TrajectoryView,
  spec: ResolvedSpec,
): ResultView['features'] {
  const initial = features.map(({ measured }) => measured[0] ?? null)
  const unknown = { lambda: [], rho: [] }
  const told =
    toldAt(sweep.base, run.point) ?? (isLinear(spec) ? spectrumFromTheory(spec, run, initial) : unknown)
  const { lambda, rho } = told
  return features.map((_, index) => ({
    index,
    lambda: lambda[index] ?? 0,
    rho: rho[index] ?? 0,
    criticalTime: {
      measured: run.criticalTimes.measured[index] ?? null,
      predicted: run.criticalTimes.predicted[index] ?? null,
      leadingOrder: null,
    },
    amplitude: {
      initial: initial[index] ?? null,
      final: run.amplitudes?.final[index] ?? null,
      fixedPoint: run.amplitudes?.fixedPoint[index] ?? null,
    },
  }))
}
