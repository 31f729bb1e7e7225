import { type Matrix, zeros } from '../../experiment/matrix.ts'
import { type ImageHeader, type ImageSet, type Pixels, unreadable } from './image-set.ts'
import { addProducts, BLOCK, blockOf } from './products.ts'

/**
 * Images made ready to learn from. Each is averaged over the area of resolution × resolution equal
 * cells (a cell may cut pixels: they count by the area inside), the mean image is taken away, and all
 * is divided by one number, so that the mean pixel variance is 1.
 */
export interface PooledImages {
  readonly count: number
  readonly resolution: number
  readonly pixels: Float32Array // [count][resolution²], row by row
}

/** Images that are read together. */
const PART = 1024

/**
 * @param limit how many images to use, spread evenly over the set (sets are often sorted by class)
 * @throws DATASET_UNREADABLE where a pixel is not a number or all images are alike
 */
export function poolImages(
  dataset: string,
  set: ImageSet,
  resolution: number,
  limit = set.count,
): PooledImages {
  const count = Math.min(limit, set.count)
  const d = resolution ** 2
  const pixels = new Float32Array(count * d)
  const down = cells(set.height, resolution)
  const across = cells(set.width, resolution)
  const rows = new Float64Array(resolution * set.width)
  const imageSize = set.height * set.width * set.channels
  let [first, part] = [0, set.slice(0, 0)] // images from the first on
  for (let k = 0; k < count; k++) {
    const image = Math.floor((k * set.count) / count)
    if (image * imageSize >= first * imageSize + part.length) {
      first = image
      part = set.slice(first, Math.min(PART, set.count - first))
    }
    poolRows(set, part, (image - first) * imageSize, down, rows)
    for (let i = 0; i < resolution; i++) {
      for (let j = 0; j < resolution; j++) {
        let sum = 0
        for (const { at, weight } of across[j]!) sum += weight * rows[i * set.width + at]!
        if (!Number.isFinite(sum))
          throw unreadable(dataset, `image ${image} holds a pixel that is no finite number`)
        pixels[k * d + i * resolution + j] = sum
      }
    }
  }
  standardize(dataset, pixels, d)
  return { count, resolution, pixels }
}

/** For each of `parts` equal cells of [0, size), the pixels in it and the share of the cell that each fills. */
export function cells(size: number, parts: number): { at: number; weight: number }[][] {
  return Array.from({ length: parts }, (_, part) => {
    const start = (part * size) / parts
    const end = ((part + 1) * size) / parts
    const first = Math.floor(start)
    return Array.from({ length: Math.ceil(end) - first }, (_, k) => {
      const overlap = Math.min(end, first + k + 1) - Math.max(start, first + k)
      return { at: first + k, weight: overlap / (end - start) }
    })
  })
}

/** Averages one image down its columns and over its channels into out [resolution][width]. */
function poolRows(
  { width, channels }: ImageHeader,
  values: Pixels,
  from: number,
  down: ReturnType<typeof cells>,
  out: Float64Array,
): void {
  out.fill(0)
  for (const [i, cell] of down.entries()) {
    for (const { at, weight } of cell) {
      for (let j = 0; j < width; j++) {
        const pixel = from + (at * width + j) * channels
        let sum = values[pixel]!
        for (let c = 1; c < channels; c++) sum += values[pixel + c]!
        out[i * width + j]! += (weight * sum) / channels
      }
    }
  }
}

function standardize(dataset: string, pixels: Float32Array, d: number): void {
  const count = pixels.length / d
  const mean = new Float64Array(d)
  for (let i = 0; i < pixels.length; i++) mean[i % d]! += pixels[i]! / count
  let variance = 0
  for (let i = 0; i < pixels.length; i++) variance += (pixels[i]! - mean[i % d]!) ** 2 / pixels.length
  if (!(variance > 0)) throw unreadable(dataset, 'all of its images are alike, so there is nothing to learn')
  const factor = 1 / Math.sqrt(variance)
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i]! - mean[i % d]!) * factor
}

/** The population covariance of the pixels, (1/n) Σ z z', [d][d]; exact for the images as stored. */
export function pixelCovariance({ count, resolution, pixels }: PooledImages): Matrix {
  const d = resolution ** 2
  const C = zeros(d, d)
  const block = blockOf(d)
  for (let start = 0; start < count; start += BLOCK) {
    const size = Math.min(BLOCK, count - start)
    for (let k = 0; k < size; k++) {
      for (let i = 0; i < d; i++) block[i * BLOCK + k] = pixels[(start + k) * d + i]!
    }
    addProducts(block, size, C)
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) C.data[j * d + i] = C.data[i * d + j] = C.data[i * d + j]! / count
  }
  return C
}
