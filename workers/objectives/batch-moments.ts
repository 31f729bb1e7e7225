import { MomentSampler } from '../../src/data/moment-sampler.ts'
import type { Sampler } from '../../src/data/sampler.ts'
import { type Matrix, zeros } from '../../src/experiment/matrix.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import { multiply } from './multiply.ts'

/**
 * Second moments of a minibatch: Sxx = X'X/n and Syx = Y'X/n for X, Y [n][d] (docs/theory.md §1). The
 * gradient from them is the gradient from the samples; forming them costs 2·n·d² beside the 6·L·d³ of the
 * step, so rows are not carried through the layers even where n < d.
 */
export class BatchMoments {
  readonly Sxx: Matrix
  readonly Syx: Matrix

  constructor(features: number) {
    this.Sxx = zeros(features, features)
    this.Syx = zeros(features, features)
  }

  /** The moments of the minibatch of a step: as drawn, or of its samples; good until the next. */
  draw(sampler: Sampler | MomentSampler, step: number, rows: number): Pick<Moments, 'Sxx' | 'Syx'> {
    if (sampler instanceof MomentSampler) return sampler.draw(step, rows)
    const { x, y } = sampler.draw(step, rows)
    this.fill(x, y, rows)
    return this
  }

  /** Overwrites the moments with those of these rows. */
  fill(x: Float64Array, y: Float64Array, rows: number): void {
    const d = this.Sxx.rows
    multiply(this.Sxx.data, 0, d, d, rows, x, 0, 1, d, x, 0, d, 1)
    multiply(this.Syx.data, 0, d, d, rows, y, 0, 1, d, x, 0, d, 1)
    for (let i = 0; i < d * d; i++) {
      this.Sxx.data[i] = this.Sxx.data[i]! / rows
      this.Syx.data[i] = this.Syx.data[i]! / rows
    }
  }
}
