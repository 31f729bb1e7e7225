import type { Graph } from '../recorder/graph.ts'

/** What saves most of what can be saved; more makes the graph longer and little faster. */
const STEPS = 8

/**
 * Steps of a net that a pass of the recorded loop takes at once: several where a step is one operation, for then several
 * are one too, whose weights stay in the caches from step to step.
 */
export function stepsAtOnce({ nodes }: Graph): number {
  const own = nodes.filter(({ name }) => name.startsWith('Jepalab'))
  return own.length === 1 && own[0]!.name === 'JepalabRuns' ? STEPS : 1
}
