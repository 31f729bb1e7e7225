import type { StageOfKind } from '../../../experiment/image-spec.ts'
import { type Matrix, zeros } from '../../../experiment/matrix.ts'
import type { Moments } from '../../../experiment/measurement.ts'
import { type BatchKey, maskBatch, masked } from '../../batch.ts'
import { combine, scale } from '../../linear-algebra.ts'
import { STREAMS } from '../../philox.ts'
import { bothMoments, type Stage } from './stage.ts'

/**
 * Pixels hidden at random, with all of their channels (docs/theory.md §5): x ← m ∘ x with each pixel kept with probability q;
 * y ← m' ∘ y (independent mask), (1 − m) ∘ y (complement) or y (full). With D_S the entries of S that belong to one pixel, diag S
 * where there is one channel:
 *
 *   Sxx ← q²Sxx + q(1−q)D
 *   independent  Syx ← q²Syx            Syy ← q²Syy + q(1−q)D
 *   complement   Syx ← q(1−q)(Syx − D)  Syy ← (1−q)²Syy + q(1−q)D
 *   full         Syx ← qSyx             Syy
 */
export function maskStage(
  { keep, target = 'independent' }: Omit<StageOfKind<'pixel-mask'>, 'kind'>,
  channels = 1,
  streams = 0,
): Stage {
  const mixed = keep * (1 - keep)
  const seen = (S: Matrix) => combine(keep ** 2, S, mixed, samePixel(S, channels))
  const unseen = (S: Matrix) => combine((1 - keep) ** 2, S, mixed, samePixel(S, channels))
  const mask = (z: Float64Array, at: BatchKey, stream: number) =>
    spread(
      maskBatch(at, streams + stream, new Float64Array(z.length / at.rows / channels).fill(keep)),
      channels,
    )
  return {
    moments({ Sxx, Syx, Syy }): Moments {
      if (target === 'full') return { Sxx: seen(Sxx), Syx: scale(keep, Syx), Syy }
      if (target === 'independent')
        return { ...bothMoments({ Sxx, Syx, Syy }, seen), Syx: scale(keep ** 2, Syx) }
      return {
        Sxx: seen(Sxx),
        Syx: combine(mixed, Syx, -mixed, samePixel(Syx, channels)),
        Syy: unseen(Syy),
      }
    },
    draw(x, y, at) {
      const shown = mask(x, at, STREAMS.xMask)
      if (target === 'full') return { x: masked(x, shown), y }
      const other = target === 'complement' ? shown.map((m) => 1 - m) : mask(y, at, STREAMS.yMask)
      return { x: masked(x, shown), y: masked(y, other) }
    },
  }
}

/** Why y, or what x tells of it, is always nothing, as a clause; null where there is something to learn. */
export function maskObstacle(
  { keep, target }: Pick<StageOfKind<'pixel-mask'>, 'keep' | 'target'>,
  pixels: number,
): { readonly field: 'keep' | 'target'; readonly message: string } | null {
  if (target !== 'complement') return null
  if (keep === 1) {
    const message =
      'A mask that keeps every pixel (keep 1) leaves none to y, which shows its complement; lower keep, or choose another target.'
    return { field: 'keep', message }
  }
  if (pixels > 1) return null
  const message =
    'Of a single pixel, y never shows what x shows (target complement), so that there is nothing to learn; use more pixels, or choose another target.'
  return { field: 'target', message }
}

/** D_S. */
function samePixel(S: Matrix, channels: number): Matrix {
  const out = zeros(S.rows, S.cols)
  for (let i = 0; i < S.rows; i++) {
    const first = i - (i % channels)
    for (let j = first; j < first + channels; j++) out.data[i * S.cols + j] = S.data[i * S.cols + j]!
  }
  return out
}

/** A number by pixel for each of its channels. */
function spread(mask: Float64Array, channels: number): Float64Array {
  if (channels === 1) return mask
  return Float64Array.from({ length: mask.length * channels }, (_, at) => mask[Math.floor(at / channels)]!)
}
