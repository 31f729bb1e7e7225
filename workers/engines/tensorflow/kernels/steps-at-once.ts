import { formOf, type Graph, sizeOf } from '../recorder/graph.ts'

/** What saves most of what can be saved; more makes the graph longer and little faster. */
const STEPS = 8
/** Numbers of batches that steps draw for themselves, which lie in memory together: as many as a second cache holds. */
const MOST_DRAWN = 256 * 1024

/**
 * Steps of a net that a pass of the recorded loop takes at once: several where the training in a step is one operation, for
 * then that of several is one too, and weights stay in the caches from step to step.
 */
export function stepsAtOnce({ nodes }: Graph): number {
  const [training, ...others] = nodes.filter(({ name }) => name === 'JepalabRuns')
  const last = nodes.findLast(({ name }) => name.startsWith('Jepalab'))
  if (training === undefined || others.length > 0 || training !== last) return 1
  const drawn = training.inputs.filter(({ node }) => node.kind === 'operation')
  const numbers = drawn.reduce((sum, value) => sum + sizeOf(formOf(value).shape), 0)
  return STEPS * numbers <= MOST_DRAWN ? STEPS : 1
}
