import { type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import type { PooledImages } from './pooled-images.ts'
import { addCrossProducts, addProducts, BLOCK, blockOf } from './products.ts'

type Pixels = Pick<PooledImages, 'count' | 'pixels'>

/** Moments of z alone, or of the pairs (z, image `lag` after z) with z of `firsts`, about the set's mean; exact for the images as stored. */
export function bareMoments(images: Pixels, lag: number, firsts: Uint32Array | null): Moments {
  if (firsts === null) {
    const C = pixelCovariance(images)
    return { Sxx: C, Syx: C, Syy: C }
  }
  const later = firsts.map((k) => k + lag)
  return {
    Sxx: pixelCovariance(images, firsts),
    Syx: laggedCovariance(images, firsts, later),
    Syy: pixelCovariance(images, later),
  }
}

/** (1/n) Σ z z' over the images of some numbers, or over all, whose population covariance it is; [d][d]. */
export function pixelCovariance({ count, pixels }: Pixels, numbers: Uint32Array | null = null): Matrix {
  const d = pixels.length / count
  const n = numbers?.length ?? count
  const C = zeros(d, d)
  const block = blockOf(d)
  for (let start = 0; start < n; start += BLOCK) {
    const size = fill(block, pixels, d, { start, n, numbers })
    addProducts(block, size, C)
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) C.data[j * d + i] = C.data[i * d + j] = C.data[i * d + j]! / n
  }
  return C
}

/** (1/n) Σ z(later) z(first)', [d][d]. */
function laggedCovariance({ count, pixels }: Pixels, firsts: Uint32Array, laters: Uint32Array): Matrix {
  const d = pixels.length / count
  const n = firsts.length
  const C = zeros(d, d)
  const [now, later] = [blockOf(d), blockOf(d)]
  for (let start = 0; start < n; start += BLOCK) {
    const size = fill(now, pixels, d, { start, n, numbers: firsts })
    fill(later, pixels, d, { start, n, numbers: laters })
    addCrossProducts(later, now, size, C)
  }
  for (let i = 0; i < C.data.length; i++) C.data[i] = C.data[i]! / n
  return C
}

/** Turns images number `start` and the following of a list of n, as many as a block takes, into a block; how many. */
function fill(
  block: Float64Array,
  pixels: Float32Array,
  d: number,
  { start, n, numbers }: { start: number; n: number; numbers: Uint32Array | null },
): number {
  const size = Math.min(BLOCK, n - start)
  for (let k = 0; k < size; k++) {
    const at = (numbers === null ? start + k : numbers[start + k]!) * d
    for (let i = 0; i < d; i++) block[i * BLOCK + k] = pixels[at + i]!
  }
  return size
}
