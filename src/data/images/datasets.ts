import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { imageFile } from './image-file.ts'
import { type ImageHeader, type ImageSource, unreadable } from './image-set.ts'
import { mnist } from './mnist.ts'
import { findRegistered, registeredImages } from './registered.ts'

/** Image sets by name, and the files that paths name. */

const FASHION_FILES = [
  '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz', // Debian's dataset-fashion-mnist
  '/usr/local/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz',
]

/** Names that stand for sets without anybody having registered them. */
export const DATASET_NAMES = ['mnist', 'fashion-mnist'] as const

/**
 * The images that a spec's `dataset` names.
 *
 * @param artifacts the folder whose registered sets may be named; null where there is none
 * @throws DATASET_UNREADABLE where there is no such set
 */
export async function findDataset(dataset: string, artifacts: string | null): Promise<ImageSource> {
  if (dataset === 'mnist') return mnist
  if (dataset === 'fashion-mnist') {
    const path = FASHION_FILES.find(existsSync)
    if (path !== undefined) return { ...imageFile(dataset, path), labels: () => fashionLabels(path) }
    throw unreadable(dataset, 'it is not installed (Debian and Ubuntu: apt install dataset-fashion-mnist)')
  }
  if (isAbsolute(dataset)) return imageFile(dataset, dataset)
  const registered = artifacts === null ? null : await findRegistered(artifacts, dataset)
  if (registered !== null && artifacts !== null) return registeredImages(artifacts, registered)
  throw unreadable(
    dataset,
    `it is neither ${DATASET_NAMES.join(' nor ')} nor an absolute path, and no set of this name or id is registered`,
  )
}

/** The labels lie beside the images: an IDX file of bytes, eight of them its header. */
async function fashionLabels(images: string): Promise<Uint16Array> {
  const file = images.replace('images-idx3', 'labels-idx1')
  try {
    const bytes = gunzipSync(await readFile(file))
    if (bytes.readUInt32BE(0) !== 0x0801 || bytes.readUInt32BE(4) !== bytes.length - 8)
      throw new Error('its header is not that of its labels')
    return Uint16Array.from(bytes.subarray(8))
  } catch (error) {
    throw unreadable('fashion-mnist', `${file} is not whole (${(error as Error).message})`, error)
  }
}

type Description = ImageHeader & { digest: string }
const described = new Map<string, Promise<Description>>()

/**
 * Header and digest of a set. A file is read again only once its size, times or inode have changed, so
 * that a thousand runs on one set hash it once.
 */
export async function describeDataset(dataset: string, artifacts: string | null): Promise<Description> {
  const key = await versionOf(dataset)
  if (key === null) return (await findDataset(dataset, artifacts)).describe()
  const known = described.get(key)
  if (known) return known
  const fresh = findDataset(dataset, artifacts).then((source) => source.describe())
  described.set(key, fresh)
  fresh.catch(() => described.delete(key)) // the caller gets the failure; the next one tries again
  return fresh
}

/** What tells a file from the same one changed; null where describing it costs nothing. */
async function versionOf(dataset: string): Promise<string | null> {
  if (dataset === 'mnist') return dataset
  const path = dataset === 'fashion-mnist' ? FASHION_FILES.find(existsSync) : dataset
  if (path === undefined || !isAbsolute(path)) return null
  const status = await stat(path, { bigint: true }).catch(() => null)
  if (status === null) return null
  return [path, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(' ')
}
