import { declaredBytes } from '../images/collector.ts'
import { chooseArray } from '../images/image-file.ts'
import { parseNpyHeader, readNpyDictionary } from '../images/npy.ts'
import type { Entry } from './entry.ts'
import { skip } from './idx-set.ts'
import { checkLabelCount, numberedClasses, type Plan, type Wishes, wholeImages } from './plan.ts'

/** Arrays that NumPy saved: images of bytes, and labels of whole numbers beside them. */
const HEAD_BYTES = 65_536
const LABEL_NAMES = ['labels', 'y_train', 'train_labels', 'y', 'Y', 'label', 'targets']
const MAX_LABEL_BYTES = 2 ** 27
/** NumPy's names of whole numbers, and their bytes. */
const INTEGERS: Readonly<Record<string, number>> = {
  '|u1': 1,
  '|i1': 1,
  '<u2': 2,
  '<i2': 2,
  '<u4': 4,
  '<i4': 4,
  '<u8': 8,
  '<i8': 8,
}

/** @throws Error with a clause where the arrays do not fit their headers or each other */
export async function npzPlan(arrays: readonly Entry[], wishes: Wishes): Promise<Plan> {
  const labelFile = arrays.find(({ name }) => LABEL_NAMES.some((known) => name === `${known}.npy`))
  const images = chooseArray(arrays.filter((array) => array !== labelFile))
  const layout = parseNpyHeader(await images.head(HEAD_BYTES))
  if (layout === null) throw new Error(`${images.name} ends inside its header`)
  if (layout.element !== 'uint8') {
    throw new Error(`its pixels are ${layout.element}; sets hold bytes, so save them as uint8 from 0 to 255`)
  }
  const declared = declaredBytes(layout)
  const there = images.bytes - layout.headerBytes
  if (there !== declared) {
    const how = there < declared ? 'is truncated' : 'lies about its shape'
    throw new Error(`${images.name} ${how}: it declares ${declared} bytes of pixels, ${there} are there`)
  }
  const { count, height, width, channels } = layout
  const labels = labelFile === undefined ? null : await readLabels(labelFile, count)
  const classes = labels && numberedClasses(labels, wishes.classes)
  const pixels = () => wholeImages(skip(images.chunks(), layout.headerBytes), height * width * channels)
  return { format: 'npz', count, height, width, channels, classes, labels, pixels }
}

async function readLabels(file: Entry, count: number): Promise<Uint16Array> {
  const found = readNpyDictionary(await file.head(HEAD_BYTES))
  if (found === null) throw new Error(`${file.name} ends inside its header`)
  const bytes = INTEGERS[found.descr]
  if (bytes === undefined)
    throw new Error(`the labels of ${file.name} are ${found.descr}; whole numbers are read`)
  const shape = found.shape.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]))
  if (shape.length === 0 || shape.slice(1).some((n) => n !== 1))
    throw new Error(`${file.name} has the shape (${found.shape}); labels are one number an image`)
  checkLabelCount(file.name, shape[0]!, count)
  const declared = shape[0]! * bytes
  const there = file.bytes - found.headerBytes
  if (there !== declared || declared > MAX_LABEL_BYTES)
    throw new Error(`${file.name} declares ${declared} bytes of labels, ${there} are there`)
  const data = (await file.whole()).subarray(found.headerBytes)
  const signed = found.descr[1] === 'i'
  return Uint16Array.from({ length: count }, (_, i) => {
    const label = readInteger(data, i * bytes, bytes, signed)
    if (label < 0 || label > 65_535)
      throw new Error(`image ${i} has the label ${label}; labels are 0 to 65535`)
    return label
  })
}

function readInteger(data: Buffer, at: number, bytes: number, signed: boolean): number {
  if (bytes === 8) return Number(signed ? data.readBigInt64LE(at) : data.readBigUInt64LE(at))
  return signed ? data.readIntLE(at, bytes) : data.readUIntLE(at, bytes)
}
