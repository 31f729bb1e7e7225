import { type ImageHeader, type ImageSet, type Pixels, unreadable } from './image-set.ts'

/**
 * Images made ready to learn from. Each is averaged over the area of resolution × resolution equal
 * cells (a cell may cut pixels: they count by the area inside), the mean image is taken away, and all
 * is divided by one number, so that the mean variance of an entry is 1.
 */
export interface PooledImages {
  readonly count: number
  readonly resolution: number
  readonly pixels: Float32Array // [count][resolution][resolution][channels], row by row
}

/** What else is asked of images. */
export interface Choice {
  /** All of the set's, kept apart; without it their mean alone. */
  readonly channels?: number | undefined
  /** The first images of the set, in place of images spread evenly over it (sets are often sorted by class). */
  readonly consecutive?: boolean
}

/** Number k of `count` images that are used of a set. */
export function chosenImage(k: number, count: number, total: number, consecutive = false): number {
  return consecutive ? k : Math.floor((k * total) / count)
}

/** Images that are read together. */
const PART = 1024

/**
 * @param limit how many images to use
 * @throws DATASET_UNREADABLE where a pixel is not a number or all images are alike
 */
export function poolImages(
  dataset: string,
  set: ImageSet,
  resolution: number,
  limit = set.count,
  { channels = 1, consecutive = false }: Choice = {},
): PooledImages {
  const count = Math.min(limit, set.count)
  const d = resolution ** 2 * channels
  const pixels = new Float32Array(count * d)
  const down = cells(set.height, resolution)
  const across = cells(set.width, resolution)
  const rows = new Float64Array(resolution * set.width * channels)
  const imageSize = set.height * set.width * set.channels
  let [first, part] = [0, set.slice(0, 0)] // images from the first on
  for (let k = 0; k < count; k++) {
    const image = chosenImage(k, count, set.count, consecutive)
    if (image * imageSize >= first * imageSize + part.length) {
      first = image
      part = set.slice(first, Math.min(PART, set.count - first))
    }
    if (channels === 1) poolRows(set, part, (image - first) * imageSize, down, rows)
    else keepRows(set, part, (image - first) * imageSize, down, rows)
    for (let i = 0; i < resolution; i++) {
      for (let j = 0; j < resolution; j++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0
          for (const { at, weight } of across[j]!) sum += weight * rows[(i * set.width + at) * channels + c]!
          if (!Number.isFinite(sum))
            throw unreadable(dataset, `image ${image} holds a pixel that is no finite number`)
          pixels[k * d + (i * resolution + j) * channels + c] = sum
        }
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

/** Averages one image down its columns into out [resolution][width][channels]. */
function keepRows(
  { width, channels }: ImageHeader,
  values: Pixels,
  from: number,
  down: ReturnType<typeof cells>,
  out: Float64Array,
): void {
  const row = width * channels
  out.fill(0)
  for (const [i, cell] of down.entries()) {
    for (const { at, weight } of cell) {
      for (let j = 0; j < row; j++) out[i * row + j]! += weight * values[from + at * row + j]!
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
