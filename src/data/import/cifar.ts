import { MAX_IMAGE_BYTES } from '../images/image-set.ts'
import type { Entry } from './entry.ts'
import { type Plan, wholeImages } from './plan.ts'

/**
 * CIFAR's binary form: records of one label (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 32 × 32 pixels, channel by
 * channel. Several files are read in the order of their names; of CIFAR-100's labels the fine ones are kept.
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html
 */
const SIDE = 32
const PLANE = SIDE * SIDE
const PIXELS = 3 * PLANE

const FORMS = {
  'cifar-10': { labelBytes: 1, classes: 10, names: 'batches.meta.txt' },
  'cifar-100': { labelBytes: 2, classes: 100, names: 'fine_label_names.txt' },
} as const
export type CifarForm = keyof typeof FORMS

/** Bytes of a record. */
export const recordBytes = (form: CifarForm) => FORMS[form].labelBytes + PIXELS

/** The form whose records fill a file exactly, or null where none or both do. */
export function cifarForm(bytes: number): CifarForm | null {
  const fits = (['cifar-10', 'cifar-100'] as const).filter(
    (form) => bytes > 0 && bytes % recordBytes(form) === 0,
  )
  return fits.length === 1 ? fits[0]! : null
}

/**
 * @param files of records
 * @param others beside them, where the names of the classes may be
 * @throws Error with a clause where a file is no whole number of records
 */
export async function cifarPlan(
  form: CifarForm,
  files: readonly Entry[],
  others: readonly Entry[],
): Promise<Plan> {
  const record = recordBytes(form)
  for (const { name, bytes } of files) {
    if (bytes === 0 || bytes % record !== 0) {
      throw new Error(
        `${name} is truncated or of another form: its ${bytes} bytes are no multiple of ${record}, a record of ${form}`,
      )
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes / record, 0)
  if (count < 2) throw new Error(`it holds ${count} image(s); at least 2 are needed`)
  if (count * PIXELS > MAX_IMAGE_BYTES) {
    throw new Error(`it holds ${count * PIXELS} bytes of pixels, over the limit of ${MAX_IMAGE_BYTES}`)
  }
  const labels = new Uint16Array(count)
  async function* pixels(): AsyncGenerator<Uint8Array> {
    let first = 0
    for (const file of files) {
      for await (const records of wholeImages(file.chunks(), record)) {
        yield unpackRecords(records, form, labels, first)
        first += records.length / record
      }
    }
  }
  const classes = await classNames(form, others)
  return { format: form, count, height: SIDE, width: SIDE, channels: 3, classes, labels, pixels }
}

/** Records as images [records][32][32][3]; their labels go to `labels` from `first` on. */
function unpackRecords(records: Uint8Array, form: CifarForm, labels: Uint16Array, first: number): Uint8Array {
  const { labelBytes, classes } = FORMS[form]
  const record = labelBytes + PIXELS
  const count = records.length / record
  const out = new Uint8Array(count * PIXELS)
  for (let k = 0; k < count; k++) {
    const label = records[k * record + labelBytes - 1]!
    if (label >= classes) {
      throw new Error(
        `image ${first + k} has class ${label}, and ${form} has ${classes}: 0 to ${classes - 1}`,
      )
    }
    labels[first + k] = label
    const from = k * record + labelBytes
    const to = k * PIXELS
    for (let p = 0; p < PLANE; p++) {
      out[to + 3 * p] = records[from + p]!
      out[to + 3 * p + 1] = records[from + PLANE + p]!
      out[to + 3 * p + 2] = records[from + 2 * PLANE + p]!
    }
  }
  return out
}

const MAX_NAMES_BYTES = 65_536

async function classNames(form: CifarForm, others: readonly Entry[]): Promise<string[]> {
  const { classes, names } = FORMS[form]
  const file = others.find(({ name }) => name === names)
  const lines =
    file === undefined || file.bytes > MAX_NAMES_BYTES
      ? []
      : (await file.whole()).toString('utf8').split('\n')
  const found = lines.map((line) => line.trim()).filter((line) => line !== '')
  return found.length === classes ? found : Array.from({ length: classes }, (_, k) => String(k))
}
