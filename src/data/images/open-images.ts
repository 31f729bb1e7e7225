import { ExperimentError, type FieldFault } from '../../experiment/failure.ts'
import { entriesOf, imageShape, keepsToClass, lagOf, viewShape } from '../../experiment/image-shape.ts'
import type { ImagesSpec } from '../../experiment/image-spec.ts'
import { type BatchKey, uniformBatch } from '../batch.ts'
import { once } from '../once.ts'
import { STREAMS } from '../philox.ts'
import type { Problem } from '../problem.ts'
import { spectrumOf } from '../spectrum.ts'
import { describeDataset, findDataset } from './datasets.ts'
import type { ImageSet, ImageSource } from './image-set.ts'
import { firstsOf } from './pairs.ts'
import { bareMoments } from './pixel-moments.ts'
import { chosenImage, type PooledImages, poolImages } from './pooled-images.ts'
import { MOST_CORRELATED, pairFaults, sizeFaults, viewFaults } from './view-faults.ts'
import { openViews } from './views.ts'

/** d of an images spec. */
export function imageFeatures(data: ImagesSpec): number {
  return entriesOf(viewShape(data))
}

/** Reads and checks the file without keeping it: the digest where it is whole, and the spec's faults. */
export async function inspectImages(
  data: ImagesSpec,
  artifacts: string | null,
): Promise<{ digest: string | null; images?: number; faults: FieldFault[] }> {
  const faults = viewFaults(data)
  try {
    const { digest, ...header } = await describeDataset(data.dataset, artifacts)
    faults.push(...sizeFaults(data, header))
    if (faults.length === 0 && keepsToClass(data.views)) {
      const labels = await labelsOf(await findDataset(data.dataset, artifacts), data, header.count)
      faults.push(...pairFaults(data, labels))
    }
    return { digest, images: header.count, faults }
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error
    return { digest: null, faults: [...faults, { pointer: '/data/dataset', message: error.message }] }
  }
}

/**
 * Loads the images and works out the population of the views.
 *
 * @throws DATASET_UNREADABLE, or SPEC_INVALID where the sizes do not fit
 */
export async function openImages(data: ImagesSpec, artifacts: string | null): Promise<Problem> {
  const source = await findDataset(data.dataset, artifacts)
  const set = await source.load()
  const total = set.count
  const images = pooled(data, set)
  const labels = await labelsOf(source, data, total)
  const shape = imageShape(data)
  const lag = lagOf(data.views)
  refuse(keepsToClass(data.views) ? pairFaults(data, labels) : [])
  const firsts = lag === 0 ? null : firstsOf(images.count, lag, keepsToClass(data.views) ? labels : null)
  const { draw, stages, moments } = openViews(
    data.views,
    shape,
    once(() => {
      checkSize(entriesOf(shape))
      return bareMoments(images, lag, firsts)
    }),
  )
  const population = once(moments)
  const spectrum = once(() => spectrumOf(population()))
  return {
    features: imageFeatures(data),
    get moments() {
      return population()
    },
    get spectrum() {
      return spectrum()
    },
    images: {
      count: images.count,
      pixels: images.pixels,
      labels,
      lag,
      firsts,
      stages,
      views: draw,
    },
    sampler: (seed) => ({
      draw(step, rows) {
        const at = { seed, step, rows }
        const { z, later } = drawImages(images, lag, firsts, at)
        return draw(z, later, at)
      },
    }),
  }
}

/** @throws SPEC_INVALID where an image is too large for its second moments */
function checkSize(entries: number): void {
  if (entries <= MOST_CORRELATED) return
  const message = `An image has ${entries} entries, and moments and spectrum are worked out up to ${MOST_CORRELATED}; lower the resolution, or leave channels out.`
  refuse([{ pointer: '/data', message }])
}

/** The labels of the images that are used; null where the set has none. */
async function labelsOf(
  source: ImageSource,
  { limit, views }: ImagesSpec,
  total: number,
): Promise<Uint16Array | null> {
  const set = await source.open?.()
  const labels = set === undefined ? ((await source.labels?.()) ?? null) : (set.labels?.slice() ?? null)
  set?.close()
  if (labels === null) return null
  const count = Math.min(limit ?? total, total)
  const consecutive = lagOf(views) > 0
  return Uint16Array.from({ length: count }, (_, k) => labels[chosenImage(k, count, total, consecutive)]!)
}

/** @throws SPEC_INVALID where the sizes do not fit; the set is closed then as otherwise */
function pooled(data: ImagesSpec, set: ImageSet): PooledImages {
  try {
    refuse([...viewFaults(data), ...sizeFaults(data, set)])
    const choice = { channels: data.channels, consecutive: lagOf(data.views) > 0 }
    return poolImages(data.dataset, set, imageShape(data).side, data.limit, choice)
  } finally {
    set.close()
  }
}

function refuse(faults: FieldFault[]): void {
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
}

/** Images chosen uniformly, with replacement, and those `lag` after them, [rows][entries]. */
function drawImages({ count, pixels }: PooledImages, lag: number, firsts: Uint32Array | null, at: BatchKey) {
  const d = pixels.length / count
  const z = new Float64Array(at.rows * d)
  const later = lag === 0 ? z : new Float64Array(z.length)
  for (const [r, u] of uniformBatch(at, STREAMS.choice, 1).entries()) {
    const image = firsts === null ? Math.floor(u * count) : firsts[Math.floor(u * firsts.length)]!
    z.set(pixels.subarray(image * d, (image + 1) * d), r * d)
    if (lag > 0) later.set(pixels.subarray((image + lag) * d, (image + lag + 1) * d), r * d)
  }
  return { z, later }
}
