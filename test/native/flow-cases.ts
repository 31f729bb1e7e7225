import { normals } from '../../src/data/normal.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { alignedWeights, type FlowCase } from './flow-batch.ts'

export const LAMBDA = [1.1, 1, 0.9, 0.8]
export const RHO = [0.9, 0.7, 0.8, 0.5]

export function aligned(objective: Objective, depth: number, epsilon: number, width = 4): FlowCase {
  const exact = (i: number) => exactTime(objective, depth, epsilon, i, 0.95)
  return {
    ...{ objective, depth, width, lambda: LAMBDA, rho: RHO },
    end: 1.02 * Math.max(...LAMBDA.map((_, i) => exact(i))),
    weights: [alignedWeights(objective, depth, 4, width, epsilon)],
  }
}

export function exactTime(
  objective: Objective,
  depth: number,
  scale: number,
  i: number,
  fraction: number,
): number {
  return criticalTime(objective, { depth, lambda: LAMBDA[i]!, rho: RHO[i]!, scale, fraction })
}

export function dense(
  objective: Objective,
  depth: number,
  epsilon: number,
  end: number,
  seeds: number[],
): FlowCase {
  const size = alignedWeights(objective, depth, 4, 4, epsilon).length
  const spread = epsilon ** (1 / depth) / 2
  const weights = seeds.map((seed) => normals(size, { seed, stream: 1, step: 0 }).map((x) => spread * x))
  return { objective, depth, lambda: LAMBDA, rho: RHO, end, weights, points: 9 }
}

/** A balanced start of depth 3 with a little disorder in every weight. */
export function noisy(epsilon: number, end: number): FlowCase {
  const weights = alignedWeights('jepa', 3, 4, 4, epsilon)
  const noise = normals(weights.length, { seed: 3, stream: 1, step: 0 })
  const scale = 1e-2 * epsilon ** (1 / 3)
  return {
    ...{ objective: 'jepa', depth: 3, lambda: LAMBDA, rho: RHO, end, points: 9 },
    weights: [weights.map((w, i) => w + scale * noise[i]!)],
  }
}

/** A Gaussian start of depth 3 with d features. */
export function large(d: number, end: number): FlowCase {
  const each = (of: (share: number) => number) => Array.from({ length: d }, (_, i) => of(i / d))
  return {
    ...{ objective: 'jepa', depth: 3, end, capacity: 40_000 },
    lambda: each((share) => 1.1 - 0.3 * share),
    rho: each((share) => 0.9 - 0.4 * share),
    weights: [normals(4 * d * d, { seed: 5, stream: 1, step: 0 }).map((x) => 0.06 * x)],
  }
}

/** In one order: a step notes its passages feature by feature. */
export function sorted<T extends { feature: number; time: number }>(seen: readonly T[]): T[] {
  return [...seen].sort((a, b) => a.feature - b.feature || a.time - b.time)
}
