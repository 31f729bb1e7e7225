import type { ImageShape } from '../../../experiment/image-shape.ts'
import type { StillStage } from '../../../experiment/image-spec.ts'
import type { Matrix } from '../../../experiment/matrix.ts'
import type { Moments } from '../../../experiment/measurement.ts'
import type { BatchKey } from '../../batch.ts'

/**
 * A step from two views to two others: linear maps drawn anew for each sample, and noise, both independent of what they are
 * applied to. So second moments after it follow from those before it alone.
 */
export interface Stage {
  moments(given: Moments): Moments
  /** @param x and y [rows][entries before]; the views are [rows][entries after], or the very arrays given */
  draw(x: Float64Array, y: Float64Array, at: BatchKey): Views
  /** What normals are shaped by, of a stage that adds noise. */
  noise?(): NoiseShape
}

export interface Views {
  readonly x: Float64Array
  readonly y: Float64Array
}

/** Standard deviations by entry, or F of noise F g, [entries][entries]. */
export type NoiseShape = { readonly deviations: Float64Array } | { readonly factor: Matrix }

/** A stage with what it was opened for. */
export interface OpenStage extends Stage {
  readonly spec: StillStage
  readonly shape: ImageShape // of what it takes
}

/** Streams of draws of stage number s (src/data/philox.ts): the first has those of all other kinds of data. */
export function streamOffset(s: number): number {
  return s === 0 ? 0 : LATER_STAGES + (s - 1) * PER_STAGE
}

const LATER_STAGES = 128
const PER_STAGE = 16

/** x of Syy where x and y have equal moments, so that nothing is worked out twice. */
export function bothMoments(given: Moments, of: (S: Matrix) => Matrix): Pick<Moments, 'Sxx' | 'Syy'> {
  const Sxx = of(given.Sxx)
  return { Sxx, Syy: given.Syy === given.Sxx ? Sxx : of(given.Syy) }
}
