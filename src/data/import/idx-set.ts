import { declaredBytes } from '../images/collector.ts'
import { parseIdxHeader } from '../images/idx.ts'
import type { Entry } from './entry.ts'
import { checkLabelCount, numberedClasses, type Plan, type Wishes, wholeImages } from './plan.ts'

/** Images in IDX, and labels in a file of their own: bytes in one dimension. */
const IMAGES_HEAD = 16
const LABELS_HEAD = 8

/** What the first bytes of an IDX file announce; null where they are none. */
export function idxKind(head: Buffer): 'images' | 'labels' | null {
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0) return null
  if (![8, 9, 0x0b, 0x0c, 0x0d, 0x0e].includes(head[2]!)) return null
  return head[3] === 1 ? 'labels' : head[3] === 3 ? 'images' : null
}

/** @throws Error with a clause where the files do not fit their headers or each other */
export async function idxPlan(images: Entry, labelFile: Entry | undefined, wishes: Wishes): Promise<Plan> {
  const layout = parseIdxHeader(await images.head(IMAGES_HEAD))
  if (layout === null) throw new Error(`${images.name} ends inside its header`)
  const declared = declaredBytes(layout)
  const there = images.bytes - layout.headerBytes
  if (there !== declared) {
    const how = there < declared ? 'it is truncated' : 'its dimensions lie'
    throw new Error(`${how}: its header declares ${declared} bytes of pixels, ${there} are there`)
  }
  const { count, height, width, channels } = layout
  const labels = labelFile === undefined ? null : await readLabels(labelFile, count)
  const classes = labels && numberedClasses(labels, wishes.classes)
  const pixels = () => wholeImages(skip(images.chunks(), layout.headerBytes), height * width * channels)
  return { format: 'idx', count, height, width, channels, classes, labels, pixels }
}

async function readLabels(file: Entry, count: number): Promise<Uint16Array> {
  const head = await file.head(LABELS_HEAD)
  if (head.length < LABELS_HEAD) throw new Error(`${file.name} ends inside its header`)
  if (head[2] !== 8)
    throw new Error(`the labels of ${file.name} are of the IDX type ${head[2]}; bytes (8) are read`)
  const declared = head.readUInt32BE(4)
  checkLabelCount(file.name, declared, count)
  const there = file.bytes - LABELS_HEAD
  if (there !== declared) throw new Error(`${file.name} declares ${declared} labels, ${there} are there`)
  return Uint16Array.from((await file.whole()).subarray(LABELS_HEAD))
}

/** A stream without its first bytes. */
export async function* skip(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of chunks) {
    if (left < chunk.length) yield left > 0 ? chunk.subarray(left) : chunk
    left = Math.max(0, left - chunk.length)
  }
}
