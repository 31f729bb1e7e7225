import type { DataOfKind } from '../../experiment/data-spec.ts'
import { type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import { added, applyFactor, type BatchKey, factorOf, normalBatch, uniformBatch } from '../batch.ts'
import { maskMoments, maskViews } from '../kinds/pixel-mask.ts'
import { combine, diagonal, multiply, scaleColumns, symmetricEigen, transpose } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'

/**
 * Two views of an image z drawn from the set, C = E[zz'] its pixel covariance. Moments are empirical
 * over the images and exact over the views' own randomness; `draw` (fresh views of given images) draws
 * from that very population.
 *
 *   noise       x = z + n, n ~ N(0, N):   Sxx = C + N,  Syx = C,  Syy = C + N, or C where the target is clean
 *               N = diag ν_j, ν_j = ν(1 + ramp·j/(d−1)), or N = νd C^power / tr C^power, which commutes with C:
 *               with c = νd/tr C^power and a an eigenvalue of C, λ = a, ρ = 1/(1 + c a^(power−1)),
 *               so that above power 1 the features of largest λ have the smallest ρ
 *   pixel-mask  as in kinds/pixel-mask.ts
 *   crop        x, y = windows at independent uniform positions p, c_p the window at p:
 *               Sxx = Syy = E mean_p c_p c_p',   Syx = E (mean_p c_p)(mean_p c_p)' = A C A'
 */
export type ImageViews = DataOfKind<'images'>['views']

/** A way of seeing the images of a set. Moments are worked out when they are asked for. */
export interface ViewPair {
  moments(): Moments
  /** Two fresh views of each image of a batch z, [rows][resolution²] → [rows][d]. */
  draw(z: Float64Array, at: BatchKey): { x: Float64Array; y: Float64Array }
}

/** d, the length of a view. */
export function viewFeatures(views: ImageViews, resolution: number): number {
  return views.kind === 'crop' ? views.size ** 2 : resolution ** 2
}

/**
 * The population and the sampler of a pair of views of images.
 *
 * @param d pixels of an image
 * @param covariance C, which of large images takes long and is asked for where it is needed alone
 */
export function openViews(views: ImageViews, d: number, covariance: () => Matrix): ViewPair {
  if (views.kind === 'noise') return noiseViews(views, d, covariance)
  if (views.kind === 'crop') return cropViews(views.size, covariance)
  return {
    moments: () => maskMoments(covariance(), views.keep, views.target),
    draw: (z, at) => maskViews(z, at, views.keep, views.target),
  }
}

function noiseViews(views: NoiseViews, d: number, covariance: () => Matrix): ViewPair {
  const shape = views.power ? applyFactor(factorOf(noiseCovariance(views, d, covariance))) : null
  const spread = noiseVariances(views, d).map(Math.sqrt)
  const noise = (at: BatchKey, stream: number) =>
    shape ? shape(normalBatch(at, stream, d)) : normalBatch(at, stream, d, spread)
  return {
    moments() {
      const C = covariance()
      const Sxx = combine(1, C, 1, noiseCovariance(views, d, covariance))
      return { Sxx, Syx: C, Syy: views.target === 'clean' ? C : Sxx }
    },
    draw(z, at) {
      const x = added(z, noise(at, STREAMS.xNoise))
      return { x, y: views.target === 'clean' ? z : added(z, noise(at, STREAMS.yNoise)) }
    },
  }
}

export type NoiseViews = Extract<ImageViews, { kind: 'noise' }>

/** ν_j of noise that is independent in each pixel, [d]. */
export function noiseVariances({ nu, ramp = 0 }: NoiseViews, d: number): Float64Array {
  return Float64Array.from({ length: d }, (_, j) => nu * (1 + (d > 1 ? (ramp * j) / (d - 1) : 0)))
}

function noiseCovariance(views: NoiseViews, d: number, covariance: () => Matrix): Matrix {
  const { nu, power = 0 } = views
  if (power === 0) return diagonal(noiseVariances(views, d))
  const { values, vectors } = symmetricEigen(covariance())
  const powers = values.map((a) => Math.max(0, a) ** power)
  const factor = (nu * d) / powers.reduce((sum, a) => sum + a)
  return multiply(
    scaleColumns(
      vectors,
      powers.map((a) => factor * a),
    ),
    transpose(vectors),
  )
}

function cropViews(size: number, covariance: () => Matrix): ViewPair {
  return {
    moments: () => cropMoments(covariance(), size),
    draw: (z, at) => ({ x: cropBatch(z, at, STREAMS.xMask, size), y: cropBatch(z, at, STREAMS.yMask, size) }),
  }
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
export function windows(resolution: number, size: number): number[][] {
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
