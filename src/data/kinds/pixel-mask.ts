import type { DataOfKind } from '../../experiment/data-spec.ts'
import { fromRows, type Matrix } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import { applyFactor, type BatchKey, factorOf, maskBatch, masked, normalBatch } from '../batch.ts'
import { covarianceFaults, shapeFaults } from '../checks.ts'
import type { Kind } from '../kind.ts'
import { combine, diagonal, scale, symmetrize } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import { spectrumOf } from '../spectrum.ts'

/**
 * Correlated pixels hidden at random (docs/theory.md §5): z ~ N(0, C), x = m ∘ z with each pixel kept
 * with probability q; y = m' ∘ z (independent mask), (1 − m) ∘ z (complement) or z (full). D = diag C:
 *
 *   Sxx = q²C + q(1−q)D
 *   independent  Syx = q²C            Syy = Sxx
 *   complement   Syx = q(1−q)(C − D)  Syy = (1−q)²C + q(1−q)D
 *   full         Syx = qC             Syy = C
 */
export type MaskTarget = NonNullable<DataOfKind<'pixel-mask'>['target']>

export const pixelMask: Kind<'pixel-mask'> = {
  features: (data) => data.C.length,

  faults(data) {
    const shape = shapeFaults('C', data.C, { rows: data.C.length, cols: data.C.length })
    if (shape.length > 0) return shape
    if (data.C.every((row) => row.every((x) => x === 0))) {
      return [{ pointer: '/data/C', message: 'C is zero, so there is nothing to see; give a covariance.' }]
    }
    return covarianceFaults('C', data.C)
  },

  open(data) {
    const C = symmetrize(fromRows(data.C))
    const moments = maskMoments(C, data.keep, data.target)
    const shape = applyFactor(factorOf(C))
    return {
      features: C.rows,
      moments,
      spectrum: spectrumOf(moments),
      sampler: (seed) => ({
        draw(step, rows) {
          const at = { seed, step, rows }
          return maskViews(shape(normalBatch(at, STREAMS.latent, C.rows)), at, data.keep, data.target)
        },
      }),
    }
  },
}

/** Moments of the two masked views of any zero-mean z with covariance C. */
export function maskMoments(C: Matrix, keep: number, target: MaskTarget = 'independent'): Moments {
  const D = diagonal(Float64Array.from({ length: C.rows }, (_, i) => C.data[i * (C.cols + 1)]!))
  const mixed = keep * (1 - keep)
  const Sxx = combine(keep ** 2, C, mixed, D)
  if (target === 'full') return { Sxx, Syx: scale(keep, C), Syy: C }
  if (target === 'independent') return { Sxx, Syx: scale(keep ** 2, C), Syy: Sxx }
  return { Sxx, Syx: combine(mixed, C, -mixed, D), Syy: combine((1 - keep) ** 2, C, mixed, D) }
}

/** Two masked views of each row of z, [rows][d]. */
export function maskViews(z: Float64Array, at: BatchKey, keep: number, target: MaskTarget = 'independent') {
  const each = new Float64Array(z.length / at.rows).fill(keep)
  const mask = maskBatch(at, STREAMS.xMask, each)
  const x = masked(z, mask)
  if (target === 'full') return { x, y: z }
  const other = target === 'complement' ? mask.map((m) => 1 - m) : maskBatch(at, STREAMS.yMask, each)
  return { x, y: masked(z, other) }
}
