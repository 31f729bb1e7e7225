import type { ResultView } from './result-view.ts'
import type { JobState } from './states.ts'
import type { Point, SweepRun } from './sweep-view.ts'

/** A run of a sweep as the sweep's result shows it; `result` is null for a run without one. */
export function sweepRunOf(
  about: { readonly id: string; readonly point: Point; readonly state: JobState },
  result: ResultView | null,
): SweepRun {
  const { id, point, state } = about
  if (result === null) return { id, point, state, ...NO_RESULT }
  const { fingerprint, order, greedyIndex, orderCorrelation, theoryResidual, loss, features } = result
  const classes = result.probes?.classes
  return {
    id,
    point,
    state,
    fingerprint,
    order: { measured: order.measured, predicted: order.predicted },
    criticalTimes: {
      measured: features.map(({ criticalTime }) => criticalTime.measured),
      predicted: features.map(({ criticalTime }) => criticalTime.predicted),
    },
    amplitudes: {
      final: features.map(({ amplitude }) => amplitude.final),
      fixedPoint: features.map(({ amplitude }) => amplitude.fixedPoint),
    },
    greedyIndex,
    ...(orderCorrelation !== undefined && { orderCorrelation }),
    ...(classes !== undefined && {
      accuracy: { initial: classes.initial[0] ?? null, final: classes.final[0] ?? null },
    }),
    theoryResidual,
    loss,
  }
}

const NO_RESULT = {
  fingerprint: null,
  order: null,
  criticalTimes: null,
  amplitudes: null,
  greedyIndex: null,
  theoryResidual: null,
  loss: null,
}
