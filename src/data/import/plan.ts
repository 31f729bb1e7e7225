import type { DatasetView } from '../../experiment/dataset-view.ts'
import type { SetHeader } from '../images/set-file.ts'

/** Images that are recognised, with all that can be known before their pixels are read. */
export interface Plan extends SetHeader {
  readonly format: DatasetView['source']['format']
  /** By image; whole once `pixels` is through. Null without labels. */
  readonly labels: Uint16Array | null
  /** Whole images in their order, some at a time, [any][height][width][channels]. */
  pixels(): AsyncIterable<Uint8Array>
}

/** What a user said of a set beside where it is. */
export interface Wishes {
  readonly format?: DatasetView['source']['format']
  readonly classes?: number
  readonly patches?: {
    readonly size: number
    readonly stride?: number
    readonly count?: number
    readonly seed?: number
  }
}

/** The same bytes, cut so that no image is cut. */
export async function* wholeImages(
  chunks: AsyncIterable<Buffer>,
  imageBytes: number,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const whole = bytes.length - (bytes.length % imageBytes)
    if (whole > 0) yield bytes.subarray(0, whole)
    rest = bytes.subarray(whole)
  }
  if (rest.length > 0) throw new Error(`it ends ${imageBytes - rest.length} bytes before the end of an image`)
}

/**
 * The names of the classes of labels: their numbers.
 *
 * @param classes how many there are; without it, one more than the largest label
 * @throws Error with a clause where a label is not below it
 */
export function numberedClasses(labels: Uint16Array, classes: number | undefined): string[] {
  const largest = labels.reduce((most, label) => Math.max(most, label), 0)
  if (classes !== undefined && largest >= classes) {
    const image = labels.findIndex((label) => label >= classes)
    throw new Error(
      `image ${image} has the label ${labels[image]}, and ${classes} classes are 0 to ${classes - 1}`,
    )
  }
  return Array.from({ length: classes ?? largest + 1 }, (_, k) => String(k))
}

/** @throws Error with a clause where a label file does not fit its images */
export function checkLabelCount(name: string, labels: number, count: number): void {
  if (labels !== count) throw new Error(`${name} holds ${labels} labels for ${count} images`)
}
