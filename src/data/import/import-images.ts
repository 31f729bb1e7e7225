import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DatasetView, ImportProgress } from '../../experiment/dataset-view.ts'
import { ExperimentError } from '../../experiment/failure.ts'
import { digestName } from '../../experiment/identity.ts'
import type { Entry } from './entry.ts'
import { IMPORT_LIMITS, type ImportLimits } from './limits.ts'
import { SetMeter } from './measure.ts'
import { openEntries } from './open-entries.ts'
import type { Wishes } from './plan.ts'
import { recognise } from './recognise.ts'
import { writeSet } from './write-set.ts'

/** What is to be imported. */
export interface ImportOrder extends Wishes {
  readonly path: string
  /** A second file that belongs to it: its labels. */
  readonly labels?: string
  /** What the user calls it. */
  readonly name: string
  /** A folder of this import's own, on the disk of the registry. */
  readonly folder: string
}

/** A set that is whole and measured, not yet registered: the file, and all that is known of it but when it came. */
export interface Draft {
  readonly file: string
  readonly record: Omit<DatasetView, 'names' | 'createdAt'>
}

/** Of all the work; the rest is the decomposition. */
const READING = 0.95

/**
 * Reads whatever holds images into one file of the registry's form, measured on the way. Everything is written inside the
 * import's own folder, so that whoever removes that leaves nothing behind.
 *
 * @throws DATASET_REFUSED where it is no whole set of images, DATASET_UNSTORED
 */
export async function importImages(
  order: ImportOrder,
  tell: (progress: ImportProgress) => void,
  limits: ImportLimits = IMPORT_LIMITS,
): Promise<Draft> {
  const { path, labels, name, folder, ...wishes } = order
  try {
    const opened = await openEntries(path, name, folder, limits)
    const more = labels === undefined ? [] : await openLabels(labels, folder, limits)
    const plan = await recognise({ ...opened, entries: [...opened.entries, ...more] }, wishes, limits)
    const { count, height, width, channels, classes, format } = plan
    const meter = new SetMeter(plan)
    const file = join(folder, 'set.safetensors')
    let seen = 0
    const { sha256, bytes } = await writeSet(file, plan, (images) => {
      meter.push(images)
      seen += images.length
      tell({ phase: 'reading', fraction: (READING * seen) / (count * height * width * channels) })
    })
    tell({ phase: 'measuring', fraction: READING })
    const record = {
      id: digestName('d', Buffer.from(sha256, 'hex')),
      sha256,
      ...{ count, height, width, channels, bytes },
      classes: classes && countClasses(classes, plan.labels as Uint16Array),
      ...meter.end(),
      source: { name, format },
    }
    return { file, record }
  } catch (error) {
    throw refusalOf(name, error)
  }
}

async function openLabels(path: string, folder: string, limits: ImportLimits): Promise<readonly Entry[]> {
  const own = join(folder, 'labels')
  await mkdir(own)
  return (await openEntries(path, basename(path), own, limits)).entries
}

function countClasses(names: readonly string[], labels: Uint16Array): { name: string; count: number }[] {
  const counts = new Array<number>(names.length).fill(0)
  for (const label of labels) counts[label]! += 1
  return names.map((name, k) => ({ name, count: counts[k]! }))
}

/** What was thrown for a user to read; faults of ours stay as they are. */
function refusalOf(name: string, error: unknown): unknown {
  if (error instanceof ExperimentError) return error
  if (error instanceof TypeError || error instanceof ReferenceError || !(error instanceof Error)) return error
  return new ExperimentError('DATASET_REFUSED', { name, why: clause(error) }, { cause: error })
}

function clause({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file or folder on the server'
  if (code === 'EACCES') return 'the server may not read it'
  if (code === 'Z_BUF_ERROR') return 'its compressed bytes are truncated'
  if (code === 'Z_DATA_ERROR') return `its compressed bytes are damaged (${message})`
  return message
}
