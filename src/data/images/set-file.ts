import type { ImageHeader } from './image-set.ts'

/**
 * The file of a registered set, a safetensors file that any of its readers opens: `images` uint8 [n][h][w][c], then `labels`
 * uint16 [n] where there are any, and the names of the classes as a JSON text in `__metadata__`. It holds nothing but content
 * (no name, no time), so that equal sets are equal files.
 */
export interface SetHeader extends ImageHeader {
  /** Names by label; null where the set has no labels. */
  readonly classes: readonly string[] | null
}

/** Where the parts lie. */
export interface SetLayout extends SetHeader {
  readonly pixelsAt: number
  readonly labelsAt: number // also the end of the pixels
  readonly fileBytes: number
}

const LENGTH_BYTES = 8
const MAX_HEADER_BYTES = 2 ** 24

/** The first bytes of the file of such a set, up to its pixels. */
export function writeSetHeader({ count, height, width, channels, classes }: SetHeader): Buffer {
  const end = count * height * width * channels
  const labels = { dtype: 'U16', shape: [count], data_offsets: [end, end + 2 * count] }
  const text = JSON.stringify({
    __metadata__: { format: 'jepalab-images', ...(classes && { classes: JSON.stringify(classes) }) },
    images: { dtype: 'U8', shape: [count, height, width, channels], data_offsets: [0, end] },
    ...(classes && { labels }),
  })
  const bytes = Buffer.byteLength(text)
  const head = Buffer.alloc(LENGTH_BYTES + Math.ceil(bytes / 8) * 8, ' ') // keeps the pixels aligned
  head.writeBigUInt64LE(BigInt(head.length - LENGTH_BYTES))
  head.write(text, LENGTH_BYTES)
  return head
}

/** How many bytes the header takes, by the file's first eight. @throws Error with a clause where it is none */
export function setHeaderBytes(start: Buffer): number {
  const bytes = start.length < LENGTH_BYTES ? 0 : Number(start.readBigUInt64LE())
  if (bytes < 2 || bytes > MAX_HEADER_BYTES) throw new Error('it does not begin with a header')
  return LENGTH_BYTES + bytes
}

/** Reads a header. @throws Error with a clause where it is none of a set */
export function parseSetHeader(head: Buffer): SetLayout {
  const { __metadata__, images, labels } = JSON.parse(head.toString('utf8', LENGTH_BYTES)) as {
    __metadata__?: { classes?: string }
    images?: { shape?: number[] }
    labels?: object
  }
  const shape = images?.shape ?? []
  if (shape.length !== 4 || !shape.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new Error('its header describes no images')
  }
  const [count, height, width, channels] = shape as [number, number, number, number]
  const classes = labels === undefined ? null : (JSON.parse(__metadata__?.classes ?? '[]') as string[])
  const labelsAt = head.length + count * height * width * channels
  const fileBytes = labelsAt + (classes === null ? 0 : 2 * count)
  return { count, height, width, channels, classes, pixelsAt: head.length, labelsAt, fileBytes }
}
