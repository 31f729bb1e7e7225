import { sizeOf } from '../../../../src/experiment/net-layers.ts'
import { slotsOf } from '../../../dynamics/net-update.ts'
import type { NetPlan } from '../../engine.ts'
import { inPauses } from '../../turn.ts'
import type { Lane } from './lane.ts'
import { keyOf } from './programs.ts'

/** What the states and activations of runs that train together may take: more is slower than two batches. */
const MOST_BYTES = 64e6
const MOST_RUNS = 64
const FLOAT = 4
/** Of each layer: what it gives, for x and for y, and the slopes. */
const ACTIVATION_COPIES = 3

/**
 * Runs in batches that train together: those whose steps are the same and that begin at the same one, in batches of about equal size, runs of like length together.
 * A run whose data cannot be drawn fails here.
 */
export async function batchesOf(lanes: readonly Lane[]): Promise<Lane[][]> {
  const groups = new Map<string, Lane[]>()
  await inPauses(lanes, (lane) =>
    lane.orFail(() => {
      const key = `${lane.step} ${keyOf(lane.plan)}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [lane])
      else group.push(lane)
    }),
  )
  return [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted((a, b) => a.plan.spec.training.steps - b.plan.spec.training.steps)
    const count = Math.ceil(ordered.length / mostTogether(ordered[0]!.plan))
    const size = Math.ceil(ordered.length / count)
    return Array.from({ length: count }, (_, k) => ordered.slice(k * size, (k + 1) * size))
  })
}

/** How many runs of a plan's shape train together at most: a function of the shape alone. */
export function mostTogether({ spec, layers, initial, shape }: NetPlan): number {
  const { training, loss } = spec
  const weights = Object.values(initial).reduce((sum, { data }) => sum + data.length, 0)
  const copies = 2 + slotsOf(training).length + (loss.ema === null ? 0 : 1) // with the gradient
  const activations = [...layers.encoder, ...layers.head].reduce((sum, { to }) => {
    return sum + (typeof to === 'number' ? to : sizeOf(to))
  }, 2 * sizeOf(shape))
  const bytes = FLOAT * (copies * weights + ACTIVATION_COPIES * (training.batchSize ?? 1) * activations)
  return Math.max(1, Math.min(MOST_RUNS, Math.floor(MOST_BYTES / bytes)))
}
