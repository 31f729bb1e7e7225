import { findDataset } from './datasets.ts'
import { checkRange, type OpenImageSet, unreadable } from './image-set.ts'

/**
 * Opens a set of bytes by what a spec calls it. A registered one is read in slices, whose pages are the kernel's, so that any
 * number of runs and processes share one copy; others are loaded, so open those once for runs that share them.
 *
 * @param artifacts the folder whose registered sets may be named
 * @throws DATASET_UNREADABLE where there is none, it is not whole, or its pixels are no bytes
 */
export async function openImageSet(artifacts: string, dataset: string): Promise<OpenImageSet> {
  const source = await findDataset(dataset, artifacts)
  if (source.open) return source.open()
  const set = await source.load()
  const { count, height, width, channels } = set
  const pixels = set.slice(0, count)
  if (!(pixels instanceof Uint8Array)) {
    throw unreadable(dataset, 'its pixels are no bytes; save them as uint8 from 0 to 255')
  }
  const labels = (await source.labels?.()) ?? null
  const largest = labels?.reduce((most, label) => Math.max(most, label), 0) ?? 0
  const imageBytes = height * width * channels
  return {
    shape: [count, height, width, channels],
    classes: labels && Array.from({ length: largest + 1 }, (_, k) => String(k)),
    labels,
    images(from, n) {
      checkRange(from, n, count)
      return pixels.subarray(from * imageBytes, (from + n) * imageBytes)
    },
    close() {},
  }
}
