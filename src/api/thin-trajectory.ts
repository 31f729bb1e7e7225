import type { TrajectoryView } from '../experiment/result-view.ts'

/** At most so many rows of a trajectory, evenly spaced in the order measured, first and last among them. */
export function thinTrajectory(trajectory: TrajectoryView, points: number): TrajectoryView {
  const rows = trajectory.time.length
  if (points >= rows) return trajectory
  const kept = Array.from({ length: points }, (_, i) => Math.round((i * (rows - 1)) / (points - 1)))
  const pick = <T>(values: readonly T[]): T[] => kept.map((row) => values[row]!)
  return {
    time: pick(trajectory.time),
    step: pick(trajectory.step),
    loss: pick(trajectory.loss),
    features: trajectory.features.map(({ index, measured, predicted }) => ({
      index,
      measured: pick(measured),
      predicted: pick(predicted),
    })),
    ...(trajectory.probes && {
      probes: Object.fromEntries(
        Object.entries(trajectory.probes).map(([name, { names, values }]) => [
          name,
          { names, values: values.map(pick) },
        ]),
      ),
    }),
  }
}
