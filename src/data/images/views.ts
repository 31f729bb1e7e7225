import type { DataOfKind } from '../../experiment/data-spec.ts'
import { type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import { added, type BatchKey, normalBatch, uniformBatch } from '../batch.ts'
import { maskMoments, maskViews } from '../kinds/pixel-mask.ts'
import { combine, diagonal, multiply, transpose } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'

/**
 * Two views of an image z drawn from the set, C = E[zz'] its pixel covariance. Moments are empirical
 * over the images and exact over the views' own randomness; the sampler (a random image, fresh views)
 * draws from that very population.
 *
 *   noise       x = z + n, n_j ~ N(0, ν_j), ν_j = ν(1 + ramp·j/(d−1)):  Sxx = C + N, Syx = C, Syy = C + N or C (clean)
 *   pixel-mask  as in kinds/pixel-mask.ts
 *   crop        x, y = windows at independent uniform positions p (P in all), c_p the window:
 *               Sxx = Syy = E mean_p c_p c_p' ,   Syx = E (mean_p c_p)(mean_p c_p)' = A C A'
 */
export type ImageViews = DataOfKind<'images'>['views']

/** d, the length of a view. */
export function viewFeatures(views: ImageViews, resolution: number): number {
  return views.kind === 'crop' ? views.size ** 2 : resolution ** 2
}

/** Population moments of the two views. */
export function viewMoments(views: ImageViews, C: Matrix): Moments {
  if (views.kind === 'pixel-mask') return maskMoments(C, views.keep, views.target)
  if (views.kind === 'crop') return cropMoments(C, views.size)
  const Sxx = combine(1, C, 1, diagonal(noiseVariances(views, C.rows)))
  return { Sxx, Syx: C, Syy: views.target === 'clean' ? C : Sxx }
}

/** Views of a batch of images z, [rows][resolution²]. */
export function drawViews(views: ImageViews, z: Float64Array, at: BatchKey) {
  if (views.kind === 'pixel-mask') return maskViews(z, at, views.keep, views.target)
  if (views.kind === 'crop') {
    return { x: cropBatch(z, at, STREAMS.xMask, views.size), y: cropBatch(z, at, STREAMS.yMask, views.size) }
  }
  const d = z.length / at.rows
  const spread = noiseVariances(views, d).map(Math.sqrt)
  const x = added(z, normalBatch(at, STREAMS.xNoise, d, spread))
  return { x, y: views.target === 'clean' ? z : added(z, normalBatch(at, STREAMS.yNoise, d, spread)) }
}

function noiseVariances({ nu, ramp = 0 }: Extract<ImageViews, { kind: 'noise' }>, d: number): number[] {
  return Array.from({ length: d }, (_, j) => nu * (1 + (d > 1 ? (ramp * j) / (d - 1) : 0)))
}

function cropMoments(C: Matrix, size: number): Moments {
  const resolution = Math.sqrt(C.rows)
  const positions = windows(resolution, size)
  const d = size ** 2
  const Sxx = zeros(d, d)
  const averaging = zeros(d, C.rows)
  for (const window of positions) {
    for (let a = 0; a < d; a++) {
      averaging.data[a * C.rows + window[a]!]! += 1 / positions.length
      for (let b = 0; b < d; b++)
        Sxx.data[a * d + b]! += C.data[window[a]! * C.cols + window[b]!]! / positions.length
    }
  }
  return { Sxx, Syx: multiply(multiply(averaging, C), transpose(averaging)), Syy: Sxx }
}

/** The pixels of each window, position by position. */
function windows(resolution: number, size: number): number[][] {
  const places = resolution - size + 1
  return Array.from({ length: places ** 2 }, (_, p) => {
    const corner = Math.floor(p / places) * resolution + (p % places)
    return Array.from(
      { length: size ** 2 },
      (_, a) => corner + Math.floor(a / size) * resolution + (a % size),
    )
  })
}

function cropBatch(z: Float64Array, at: BatchKey, stream: number, size: number): Float64Array {
  const pixels = z.length / at.rows
  const positions = windows(Math.sqrt(pixels), size)
  const d = size ** 2
  const out = new Float64Array(at.rows * d)
  for (const [r, u] of uniformBatch(at, stream, 1).entries()) {
    const window = positions[Math.floor(u * positions.length)]!
    for (let a = 0; a < d; a++) out[r * d + a] = z[r * pixels + window[a]!]!
  }
  return out
}
