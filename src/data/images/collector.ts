import { type ImageHeader, type ImageSet, inMemory, MAX_IMAGE_BYTES } from './image-set.ts'

/** A header in the bytes that came first, and how the pixels follow it. */
export interface Layout extends ImageHeader {
  readonly headerBytes: number
  readonly element: 'uint8' | 'float32' | 'float64'
}

/** Reads a layout from a file's first bytes; null asks for more. @throws Error with a clause where it is no image file */
export type ParseHeader = (head: Buffer) => Layout | null

const MAX_HEADER_BYTES = 65_536
const ELEMENT_BYTES = { uint8: 1, float32: 4, float64: 8 } as const

/**
 * Takes a decoded file chunk by chunk and holds it to its own header: no more bytes than declared
 * (so that a small file cannot unpack into all memory), no fewer, and none over the limit.
 */
export class Collector {
  private readonly parse: ParseHeader
  private readonly keep: boolean
  private head: Buffer = Buffer.alloc(0)
  private layout: Layout | null = null
  private bytes = new Uint8Array(0)
  private declared = 0
  private seen = 0

  /** @param keep false to check and count alone */
  constructor(parse: ParseHeader, keep: boolean) {
    this.parse = parse
    this.keep = keep
  }

  /** @throws Error with a clause where the bytes contradict the header */
  push(chunk: Uint8Array): void {
    if (this.layout !== null) {
      this.store(chunk)
      return
    }
    this.head = Buffer.concat([this.head, chunk])
    this.layout = this.parse(this.head)
    if (this.layout === null) {
      if (this.head.length > MAX_HEADER_BYTES) throw new Error(`its header is over ${MAX_HEADER_BYTES} bytes`)
      return
    }
    this.declared = declaredBytes(this.layout)
    if (this.keep) this.bytes = new Uint8Array(this.declared)
    this.store(this.head.subarray(this.layout.headerBytes))
  }

  /** The header and, where kept, the pixels. @throws Error with a clause where bytes are missing */
  end(): ImageSet {
    if (this.layout === null) throw new Error(`it ends after ${this.head.length} bytes, inside its header`)
    if (this.seen < this.declared) {
      throw new Error(
        `it is truncated: its header declares ${this.declared} bytes of pixels, ${this.seen} are there`,
      )
    }
    const { element } = this.layout
    const buffer = this.bytes.buffer
    const values =
      element === 'uint8'
        ? this.bytes
        : element === 'float32'
          ? new Float32Array(buffer)
          : new Float64Array(buffer)
    return inMemory(this.layout, values)
  }

  private store(chunk: Uint8Array): void {
    if (this.seen + chunk.length > this.declared) {
      throw new Error(`it holds more than the ${this.declared} bytes of pixels that its header declares`)
    }
    if (this.keep) this.bytes.set(chunk, this.seen)
    this.seen += chunk.length
  }
}

/** How many bytes of pixels a header declares. @throws Error with a clause where they are none or too many */
export function declaredBytes({ count, height, width, channels, element }: Layout): number {
  if (count < 2) throw new Error(`it holds ${count} image(s); at least 2 are needed`)
  if (height * width * channels === 0) throw new Error(`its images are ${height}×${width} pixels`)
  const bytes = count * height * width * channels * ELEMENT_BYTES[element]
  if (bytes > MAX_IMAGE_BYTES) {
    throw new Error(`its header declares ${bytes} bytes of pixels, over the limit of ${MAX_IMAGE_BYTES}`)
  }
  return bytes
}
