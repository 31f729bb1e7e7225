import { type CifarForm, cifarForm, cifarPlan } from './cifar.ts'
import type { Entry } from './entry.ts'
import { idxKind, idxPlan } from './idx-set.ts'
import type { ImportLimits } from './limits.ts'
import { npzPlan } from './npz-set.ts'
import type { Opened } from './open-entries.ts'
import { pictureKind } from './picture-header.ts'
import { picturesPlan } from './pictures.ts'
import type { Plan, Wishes } from './plan.ts'

/** Files that are looked into to tell what they are; a set of more is one of pictures. */
const LOOKED_AT = 16
const KNOWN =
  'IDX, npz, the binary form of CIFAR-10 and -100, PNG and JPEG are read, and folders, tar and zip of them'

/** What the files of an import are, by their bytes. @throws Error with a clause where they are nothing that is read */
export async function recognise(opened: Opened, wishes: Wishes, limits: ImportLimits): Promise<Plan> {
  const plan = await choose(opened, wishes, limits)
  if (wishes.format !== undefined && plan.format !== wishes.format) {
    throw new Error(`it is of the format ${plan.format} and not ${wishes.format}`)
  }
  if (wishes.patches && plan.format !== 'pictures') {
    throw new Error(`patches are cut from photographs (PNG, JPEG), and it is of the format ${plan.format}`)
  }
  return plan
}

async function choose({ entries, isNpz }: Opened, wishes: Wishes, limits: ImportLimits): Promise<Plan> {
  const { format } = wishes
  if (isNpz) {
    const other = entries.find(({ name }) => !name.endsWith('.npy'))
    if (other)
      throw new Error(`${other.name} lies beside an npz; save labels in the npz, in an array named labels`)
    return npzPlan(entries, wishes)
  }
  if (format === 'cifar-10' || format === 'cifar-100') return cifar(format, entries)
  const seen = await Promise.all(
    entries.slice(0, LOOKED_AT).map(async (entry) => ({ entry, head: await entry.head(8) })),
  )
  const images = seen.filter(({ head }) => idxKind(head) === 'images').map(({ entry }) => entry)
  const labels = seen.filter(({ head }) => idxKind(head) === 'labels').map(({ entry }) => entry)
  if (images.length > 0 || labels.length > 0) return idx(images, labels, entries, wishes)
  if (seen.some(({ head }) => pictureKind(head) !== null)) return picturesPlan(entries, wishes, limits)
  const form = cifarForm(recordFiles(entries)[0]?.bytes ?? 0)
  if (form !== null) return cifar(form, entries)
  const [first] = seen
  const start = first?.head.toString('hex', 0, 4) || 'nothing'
  throw new Error(
    `${first?.entry.name} is of no known format (it begins with ${start} and has ${first?.entry.bytes} bytes); ${KNOWN}`,
  )
}

function idx(
  images: readonly Entry[],
  labels: readonly Entry[],
  entries: readonly Entry[],
  wishes: Wishes,
): Promise<Plan> {
  if (images.length !== 1 || labels.length > 1) {
    throw new Error(
      `it holds ${images.length} IDX file(s) of images (3 dimensions) and ${labels.length} of labels (1); give one of images, and one of labels or none`,
    )
  }
  const other = entries.find((entry) => entry !== images[0] && entry !== labels[0])
  if (other) throw new Error(`${other.name} lies beside IDX files and is none`)
  return idxPlan(images[0]!, labels[0], wishes)
}

function cifar(form: CifarForm, entries: readonly Entry[]): Promise<Plan> {
  const files = recordFiles(entries)
  return cifarPlan(form, files.length > 0 ? files : entries, entries)
}

/** Files of records: all that end in .bin where there are any, or the only file. */
function recordFiles(entries: readonly Entry[]): readonly Entry[] {
  const named = entries.filter(({ name }) => name.endsWith('.bin'))
  return named.length > 0 || entries.length !== 1 ? named : entries
}
