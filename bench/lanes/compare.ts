import type { DescentCase } from './case.ts'

/**
 * How many standard errors the mean population losses of two sets of runs lie apart: sgd draws differ, their law
 * must not.
 */
export function standardErrors(ours: readonly number[], theirs: readonly number[]): number {
  const [a, b] = [momentsOf(ours), momentsOf(theirs)]
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.variance / ours.length + b.variance / theirs.length)
}

/** How far apart the spreads of two sets of runs lie, as the logarithm of the ratio of their standard deviations. */
export function spreadRatio(ours: readonly number[], theirs: readonly number[]): number {
  return 0.5 * Math.log(momentsOf(ours).variance / momentsOf(theirs).variance)
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance }
}

/** The population loss of each run (docs/theory.md §1, JEPA) with Σyy = Σxx. */
export function lossesOf({ row, sxx, syx }: DescentCase, weights: Float64Array): number[] {
  const { runs, features: d, depth } = row
  const size = d * d
  return Array.from({ length: runs }, (_, run) => {
    const matrix = (index: number) => weights.subarray((run * (depth + 1) + index) * size).subarray(0, size)
    let encoder: Float64Array = matrix(0)
    for (let a = 1; a < depth; a++) encoder = product(matrix(a), encoder, d)
    const head = product(matrix(depth), encoder, d)
    let loss = 0
    for (let i = 0; i < size; i++) {
      const j = run * d + (i % d)
      const [p, w] = [head[i]!, encoder[i]!]
      loss += 0.5 * (sxx[j]! * (p * p + w * w) - 2 * syx[j]! * p * w)
    }
    return loss
  })
}

function product(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const factor = a[i * d + k]!
      for (let j = 0; j < d; j++) out[i * d + j]! += factor * b[k * d + j]!
    }
  }
  return out
}
