import type { TrajectoryView } from '../experiment/result-view.ts'

/**
 * At most `points` rows of a trajectory, evenly spaced by row (so a log schedule stays one), the first and
 * the last always among them. Passages are kept whole.
 *
 * @param points 2 or more (a plain throw otherwise)
 */
export function downsample(trajectory: TrajectoryView, points: number): TrajectoryView {
  if (!(points >= 2)) throw new RangeError(`${points} points cannot hold the first and the last row.`)
  const rows = trajectory.time.length
  if (rows <= points) return trajectory
  const kept = Array.from({ length: points }, (_, k) => Math.round((k * (rows - 1)) / (points - 1)))
  const thin = <T>(series: readonly T[]) => kept.map((row) => series[row]!)
  return {
    time: thin(trajectory.time),
    step: thin(trajectory.step),
    loss: thin(trajectory.loss),
    features: trajectory.features.map((feature) => ({
      ...feature,
      measured: thin(feature.measured),
      predicted: thin(feature.predicted),
    })),
  }
}
