import { type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import type { PooledImages } from './pooled-images.ts'
import { addCrossProducts, addProducts, BLOCK, blockOf } from './products.ts'

type Pixels = Pick<PooledImages, 'count' | 'pixels'>

/** Moments of the pairs (z, image `lag` after z) over all z that have such an image, about the set's mean; exact for the images as stored. */
export function bareMoments(images: Pixels, lag: number): Moments {
  const pairs = images.count - lag
  const Sxx = pixelCovariance(images, 0, pairs)
  if (lag === 0) return { Sxx, Syx: Sxx, Syy: Sxx }
  return { Sxx, Syx: laggedCovariance(images, lag), Syy: pixelCovariance(images, lag, images.count) }
}

/** (1/n) Σ z z' over images `from` to `end`, [d][d]: the population covariance of the pixels where that is all of them. */
export function pixelCovariance({ count, pixels }: Pixels, from = 0, end = count): Matrix {
  const d = pixels.length / count
  const C = zeros(d, d)
  const block = blockOf(d)
  for (let start = from; start < end; start += BLOCK) {
    const size = fill(block, pixels, d, start, end)
    addProducts(block, size, C)
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) C.data[j * d + i] = C.data[i * d + j] = C.data[i * d + j]! / (end - from)
  }
  return C
}

/** (1/n) Σ z(t + lag) z(t)', [d][d]. */
function laggedCovariance({ count, pixels }: Pixels, lag: number): Matrix {
  const d = pixels.length / count
  const C = zeros(d, d)
  const [now, later] = [blockOf(d), blockOf(d)]
  for (let start = 0; start < count - lag; start += BLOCK) {
    const size = fill(now, pixels, d, start, count - lag)
    fill(later, pixels, d, start + lag, count)
    addCrossProducts(later, now, size, C)
  }
  for (let i = 0; i < C.data.length; i++) C.data[i] = C.data[i]! / (count - lag)
  return C
}

/** Turns images from `start` on, as many as a block takes and at most up to `end`, into a block; how many. */
function fill(block: Float64Array, pixels: Float32Array, d: number, start: number, end: number): number {
  const size = Math.min(BLOCK, end - start)
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < d; i++) block[i * BLOCK + k] = pixels[(start + k) * d + i]!
  }
  return size
}
