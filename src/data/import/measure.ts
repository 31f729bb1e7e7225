import type { DatasetView } from '../../experiment/dataset-view.ts'
import { zeros } from '../../experiment/matrix.ts'
import type { ImageHeader } from '../images/image-set.ts'
import { cells } from '../images/pooled-images.ts'
import { addProducts, BLOCK, blockOf } from '../images/products.ts'
import { symmetricEigen } from '../linear-algebra.ts'

/** The finest grid that a spectrum is taken on: 256 pixels are decomposed in half a second. */
const FINEST = 16

/** Means and spectrum of a set. */
export type Moments = Pick<DatasetView, 'mean' | 'deviation' | 'spectrum'>

/**
 * Takes means and covariance of a set while its images pass by, in memory that does not grow with them. Channels are counted
 * by value, so their means are exact. The covariance C is that of images averaged over channels and over resolution² equal
 * areas, as the data kind `images` sees them there: its eigenvalues over its mean variance are λ of those data under noise.
 */
export class SetMeter {
  readonly #header: ImageHeader
  readonly #histograms: Float64Array[] // [channels][256]
  readonly #resolution: number
  readonly #areas: Area[]
  readonly #block: Float64Array<ArrayBuffer>
  readonly #sums: Float64Array // [resolution²]
  readonly #products: ReturnType<typeof zeros>
  #inBlock = 0

  constructor(header: ImageHeader) {
    const { height, width, channels } = header
    const side = Math.min(height, width)
    this.#header = header
    this.#histograms = Array.from({ length: channels }, () => new Float64Array(256))
    this.#resolution = Math.floor(side / Math.ceil(side / FINEST)) // divides the side where it can
    this.#areas = areasOf(height, width, this.#resolution)
    const d = this.#areas.length
    this.#block = blockOf(d)
    this.#sums = new Float64Array(d)
    this.#products = zeros(d, d)
  }

  /** @param pixels of whole images, [any][height][width][channels] */
  push(pixels: Uint8Array): void {
    const { height, width, channels } = this.#header
    const size = height * width
    const gray = new Float64Array(size)
    for (const [c, histogram] of this.#histograms.entries()) {
      for (let at = c; at < pixels.length; at += channels) histogram[pixels[at]!]! += 1
    }
    for (let from = 0; from < pixels.length; from += size * channels) {
      for (let p = 0, at = from; p < size; p++) {
        let sum = 0
        for (let c = 0; c < channels; c++) sum += pixels[at++]!
        gray[p] = sum / channels
      }
      this.#add(gray)
    }
  }

  /** @throws Error with a clause where all images are alike */
  end(): Moments {
    this.#closeBlock()
    const { count } = this.#header
    const channels = this.#histograms.map(momentsOf)
    const C = this.#products
    const d = C.rows
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        const value = C.data[i * d + j]! / count - (this.#sums[i]! / count) * (this.#sums[j]! / count)
        C.data[j * d + i] = C.data[i * d + j] = value
      }
    }
    let trace = 0
    for (let i = 0; i < d; i++) trace += C.data[i * (d + 1)]!
    const variance = trace / d
    if (!(variance > 1e-9)) throw new Error('all of its images are alike, so there is nothing to learn')
    return {
      mean: channels.map(({ mean }) => mean),
      deviation: channels.map(({ deviation }) => deviation),
      spectrum: {
        resolution: this.#resolution,
        variance,
        eigenvalues: symmetricEigen(C).values.map((value) => Math.max(0, value / variance)),
      },
    }
  }

  #add(gray: Float64Array): void {
    for (const [i, { pixels, weights }] of this.#areas.entries()) {
      let sum = 0
      for (let k = 0; k < pixels.length; k++) sum += gray[pixels[k]!]! * weights[k]!
      this.#block[i * BLOCK + this.#inBlock] = sum
      this.#sums[i]! += sum
    }
    if (++this.#inBlock === BLOCK) this.#closeBlock()
  }

  #closeBlock(): void {
    addProducts(this.#block, this.#inBlock, this.#products)
    this.#inBlock = 0
  }
}

/** The pixels under one area of the grid, and the share of it that each fills. */
interface Area {
  readonly pixels: Uint32Array
  readonly weights: Float64Array
}

function areasOf(height: number, width: number, resolution: number): Area[] {
  const down = cells(height, resolution)
  const across = cells(width, resolution)
  return down.flatMap((rows) =>
    across.map((columns) => {
      const parts = rows.flatMap((r) =>
        columns.map((c) => [r.at * width + c.at, r.weight * c.weight] as const),
      )
      return {
        pixels: Uint32Array.from(parts, ([pixel]) => pixel),
        weights: Float64Array.from(parts, ([, weight]) => weight),
      }
    }),
  )
}

function momentsOf(histogram: Float64Array): { mean: number; deviation: number } {
  let [n, sum, squares] = [0, 0, 0]
  for (const [value, times] of histogram.entries()) {
    n += times
    sum += times * value
    squares += times * value * value
  }
  return { mean: sum / n, deviation: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)) }
}
