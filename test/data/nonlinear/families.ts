import { openProblem } from '../../../src/data/open-problem.ts'
import type { KnownLatents, Problem } from '../../../src/data/problem.ts'
import type { DataOfKind } from '../../../src/experiment/data-spec.ts'

/** One small spec of each family, and one with noise. */
export const families = {
  mixing: {
    kind: 'nonlinear',
    family: 'mixing',
    lambda: [1, 0.6, 0.2, 0.05],
    rho: [0.5, 0.9, 1, 0.1],
    dimension: 6,
    seed: 2,
  },
  hierarchical: {
    kind: 'nonlinear',
    family: 'hierarchical',
    lambda: [1, 0.5, 0.2],
    rho: [0.9, 0.4, 0.7],
    channels: 3,
    seed: 4,
  },
  factors: {
    kind: 'nonlinear',
    family: 'factors',
    factors: ['position-x', 'size', 'background', 'texture-phase'],
    lambda: [0.9, 0.4, 0.1, 0.05],
    rho: [0.95, 0.6, 0.1, 0.05],
    size: 12,
  },
  'factors in noise': {
    kind: 'nonlinear',
    family: 'factors',
    factors: ['position-y', 'colour', 'background'],
    lambda: [0.5, 0.8, 0.1],
    rho: [0.5, 0.8, 0.4],
    size: 6,
    channels: 3,
    noise: 0.3,
    seed: 5,
  },
} as const satisfies Record<string, DataOfKind<'nonlinear'>>

/** A problem whose latents are known. */
export async function openNonlinear(
  data: DataOfKind<'nonlinear'>,
): Promise<Problem & { latents: KnownLatents }> {
  const problem = await openProblem(data)
  if (problem.latents === undefined) throw new TypeError('Data of kind nonlinear without latents.')
  return problem as Problem & { latents: KnownLatents }
}
