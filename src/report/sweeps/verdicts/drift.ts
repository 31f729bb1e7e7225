import type { Objective } from '../../../experiment/spec.ts'
import { figure, type Judge, type Witness } from './evidence.ts'
import { together, undecided } from './tally.ts'

/**
 * How far minibatches carry the final amplitudes from their fixed points (docs/theory.md §6): the root mean square of
 * final − w̄* over features and runs, by batch size. JEPA's falls with every larger batch; at the smallest batch it is more than MAE's, and from
 * there to the largest it falls by a larger factor.
 */
export const judgeBatchSize: Judge = (evidence) => {
  const [jepa, mae] = [driftsOf(evidence.witnesses, 'jepa'), driftsOf(evidence.witnesses, 'mae')]
  if (jepa.length < 2 || mae.length === 0)
    return undecided(
      `The claim needs JEPA at two batch sizes or more and MAE beside it; there are ${jepa.length} and ${mae.length} batch sizes.`,
    )
  const falls = jepa.every(({ drift }, k) => k === 0 || drift < jepa[k - 1]!.drift)
  const [smallest, largest] = [jepa[0]!, jepa.at(-1)!]
  const beside = (batch: number) => mae.find((each) => each.batch === batch)?.drift ?? null
  const [ofSmallest, ofLargest] = [beside(smallest.batch), beside(largest.batch)]
  const isFurther = ofSmallest === null ? null : ofSmallest < smallest.drift
  const isSteeper =
    ofSmallest === null || ofLargest === null ? null : smallest.drift / largest.drift > ofSmallest / ofLargest
  const figures = [
    ...jepa.map((each) => ['JEPA', each] as const),
    ...mae.map((each) => ['MAE', each] as const),
  ].map(([name, { batch, drift }]) => ({
    name: `deviation of ${name} at batch ${batch}`,
    measured: drift,
    wanted:
      name === 'JEPA'
        ? 'less for every larger batch'
        : "at the smallest batch below JEPA's, and falling by less from there",
  }))
  const told = (drifts: readonly Drift[]) =>
    drifts.map(({ batch, drift }) => `${figure(drift)} at B = ${batch}`).join(', ')
  const because = `Final amplitudes deviate from their fixed points by ${told(jepa)} for JEPA and ${told(mae)} for MAE.`
  return together(evidence, [falls, isFurther, isSteeper], because, figures)
}

interface Drift {
  readonly batch: number
  readonly drift: number
}

function driftsOf(witnesses: readonly Witness[], objective: Objective): Drift[] {
  const squares = new Map<number, { sum: number; count: number }>()
  for (const { run, spec } of witnesses) {
    if (spec.objective !== objective || spec.training.mode !== 'sgd') continue
    const { batchSize } = spec.training
    const cell = squares.get(batchSize) ?? { sum: 0, count: 0 }
    for (const [i, final] of (run.amplitudes?.final ?? []).entries()) {
      const target = run.amplitudes!.fixedPoint[i]
      if (final === null || target == null) continue
      cell.sum += (final - target) ** 2
      cell.count += 1
    }
    if (cell.count > 0) squares.set(batchSize, cell)
  }
  return [...squares]
    .map(([batch, { sum, count }]) => ({ batch, drift: Math.sqrt(sum / count) }))
    .sort((a, b) => a.batch - b.batch)
}
