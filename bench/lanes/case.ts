import { fillNormals } from '../../src/data/normal.ts'
import type { DescentRow } from './rows.ts'

/** Streams of random numbers, beyond those of the rooms. */
const START_STREAM = 4096
export const SEED = 20_240_703
/** Every start's ε: dense Gaussian layers and decoder of variance ε^(2/L)/d, nothing about them balanced. */
const SCALE = 0.1

/** Data and start of a descent or sgd row; σ²_j along the axes, λ = ρ σ², y = ρ x + noise · g. */
export interface DescentCase {
  readonly row: DescentRow
  readonly sxx: Float64Array // [R][d]
  readonly syx: Float64Array // [R][d]
  readonly slope: Float64Array // [R][d]
  readonly noise: Float64Array // [R][d]
  readonly weights: Float64Array // [R][(L + 1) d²], W¹ … Wᴸ, V
}

/** Runs of a descent row differ in data and start; those of sgd differ in their samples alone, so that laws compare. */
export function descentCase(row: DescentRow): DescentCase {
  const { runs, features: d, depth, kind } = row
  const count = (depth + 1) * d * d
  const weights = new Float64Array(runs * count)
  for (let run = 0; run < runs; run++) {
    const own = weights.subarray(run * count, (run + 1) * count)
    fillNormals(own, { seed: SEED, stream: START_STREAM, step: kind === 'sgd' ? 0 : run })
  }
  const deviation = SCALE ** (1 / depth) / Math.sqrt(d)
  for (let i = 0; i < weights.length; i++) weights[i]! *= deviation
  const each = (of: (feature: number, run: number) => number) =>
    Float64Array.from({ length: runs * d }, (_, i) => of(i % d, kind === 'sgd' ? 0 : Math.floor(i / d)))
  const rho = (i: number) => 0.9 - (0.4 * i) / d
  const lambda = (i: number, run: number) => (1 - (0.5 * i) / d) * (1 - (0.2 * run) / runs)
  const sxx = each((i, run) => lambda(i, run) / rho(i))
  return {
    row,
    sxx,
    syx: each(lambda),
    slope: each(rho),
    noise: sxx.map((variance, i) => Math.sqrt(variance * (1 - rho(i % d) ** 2))), // Σyy = Σxx
    weights,
  }
}
