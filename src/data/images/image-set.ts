import { ExperimentError } from '../../experiment/failure.ts'

/** A set of images of one size, as its file holds them: unit and range of the pixels are the file's. */
export interface ImageSet extends ImageHeader {
  /** [count][height][width][channels] */
  readonly values: Uint8Array | Float32Array | Float64Array
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
}

/** The most that a set may take unpacked, whatever its header claims: 1 GiB. */
export const MAX_IMAGE_BYTES = 2 ** 30

/** The failure that names a set and what is wrong with it. */
export function unreadable(dataset: string, why: string, cause?: unknown): ExperimentError {
  return new ExperimentError('DATASET_UNREADABLE', { dataset, why }, cause === undefined ? {} : { cause })
}
