import { ExperimentError } from '../../experiment/failure.ts'

/** A set of images of one size, as its file holds them: unit and range of the pixels are the file's. */
export interface ImageSet extends ImageHeader {
  /** Images `from` to `from + count`, [count][height][width][channels]; not to be written to. */
  slice(from: number, count: number): Pixels
  /** May be called twice. */
  close(): void
}

export type Pixels = Uint8Array | Float32Array | Float64Array

/** A set whose pixels are all in memory, [count][height][width][channels]. */
export function inMemory(header: ImageHeader, values: Pixels): ImageSet {
  const { count, height, width, channels } = header
  const size = height * width * channels
  const slice = (from: number, n: number) => values.subarray(from * size, (from + n) * size)
  return { count, height, width, channels, slice, close() {} }
}

/** What a file says of itself. */
export interface ImageHeader {
  readonly count: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Where images come from. Both calls throw DATASET_UNREADABLE where the file is not whole. */
export interface ImageSource {
  /** Reads all bytes once, keeps none: the header, and a SHA-256 of the bytes as packaged. */
  describe(): Promise<ImageHeader & { digest: string }>
  load(): Promise<ImageSet>
  /** By image, where the source has labels and `open` does not tell them. */
  labels?(): Promise<Uint16Array>
  /** Opens it without loading. */
  open?(): Promise<OpenImageSet>
}

/** A set of bytes with its labels, for whoever takes images by number. */
export interface OpenImageSet {
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
  /** Names by label; null without labels. */
  readonly classes: readonly string[] | null
  readonly labels: Uint16Array | null
  /** `count` images from number `from` on, [count][height][width][channels]; not to be written to. */
  images(from: number, count: number): Uint8Array
  /** May be called twice. */
  close(): void
}

/** A plain throw where images are asked for that a set does not have. */
export function checkRange(from: number, n: number, count: number): void {
  if (!(from >= 0 && n >= 0 && from + n <= count))
    throw new RangeError(`Images ${from} to ${from + n} of ${count}.`)
}

/** The most that a set may take unpacked, whatever its header claims: 1 GiB. */
export const MAX_IMAGE_BYTES = 2 ** 30

/** The failure that names a set and what is wrong with it. */
export function unreadable(dataset: string, why: string, cause?: unknown): ExperimentError {
  return new ExperimentError('DATASET_UNREADABLE', { dataset, why }, cause === undefined ? {} : { cause })
}
