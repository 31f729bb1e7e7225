import type { DataOfKind } from '../../experiment/data-spec.ts'
import { ExperimentError, type FieldFault } from '../../experiment/failure.ts'
import { type BatchKey, uniformBatch } from '../batch.ts'
import { once } from '../once.ts'
import { STREAMS } from '../philox.ts'
import type { Problem } from '../problem.ts'
import { spectrumOf } from '../spectrum.ts'
import { describeDataset, findDataset } from './datasets.ts'
import type { ImageHeader, ImageSet, ImageSource } from './image-set.ts'
import { type PooledImages, pixelCovariance, poolImages } from './pooled-images.ts'
import { openViews, viewFeatures } from './views.ts'

const RESOLUTION = 7

type ImagesSpec = DataOfKind<'images'>

/** d of an images spec. */
export function imageFeatures(data: ImagesSpec): number {
  return viewFeatures(data.views, data.resolution ?? RESOLUTION)
}

/** Reads and checks the file without keeping it: the digest where it is whole, and the spec's faults. */
export async function inspectImages(
  data: ImagesSpec,
  artifacts: string | null,
): Promise<{ digest: string | null; images?: number; faults: FieldFault[] }> {
  const faults = viewFaults(data)
  try {
    const { digest, ...header } = await describeDataset(data.dataset, artifacts)
    return { digest, images: header.count, faults: [...faults, ...sizeFaults(data, header)] }
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
  const labels = await labelsOf(source, images.count, total)
  const covariance = once(() => pixelCovariance(images))
  const { moments, draw } = openViews(data.views, images.resolution ** 2, covariance)
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
    images: { count: images.count, pixels: images.pixels, labels, views: draw },
    sampler: (seed) => ({
      draw(step, rows) {
        const at = { seed, step, rows }
        return draw(drawImages(images, at), at)
      },
    }),
  }
}

/** The labels of the images that are used, which are spread evenly over the set; null where it has none. */
async function labelsOf(source: ImageSource, count: number, total: number): Promise<Uint16Array | null> {
  const set = await source.open?.()
  const labels = set === undefined ? ((await source.labels?.()) ?? null) : (set.labels?.slice() ?? null)
  set?.close()
  return labels && Uint16Array.from({ length: count }, (_, k) => labels[Math.floor((k * total) / count)]!)
}

/** @throws SPEC_INVALID where the sizes do not fit; the set is closed then as otherwise */
function pooled(data: ImagesSpec, set: ImageSet): PooledImages {
  try {
    const faults = [...viewFaults(data), ...sizeFaults(data, set)]
    if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
    return poolImages(data.dataset, set, data.resolution ?? RESOLUTION, data.limit)
  } finally {
    set.close()
  }
}

/** Images chosen uniformly, with replacement, [rows][resolution²]. */
function drawImages({ count, pixels }: PooledImages, at: BatchKey): Float64Array {
  const d = pixels.length / count
  const out = new Float64Array(at.rows * d)
  for (const [r, u] of uniformBatch(at, STREAMS.choice, 1).entries()) {
    const image = Math.floor(u * count)
    out.set(pixels.subarray(image * d, (image + 1) * d), r * d)
  }
  return out
}

function viewFaults({ views, resolution = RESOLUTION }: ImagesSpec): FieldFault[] {
  if (views.kind === 'noise' && views.ramp && views.power) {
    const message = `Both ramp ${views.ramp} and power ${views.power} shape the noise; give one of them.`
    return [{ pointer: '/data/views/power', message }]
  }
  if (views.kind !== 'crop' || views.size <= resolution) return []
  const message = `The crop size ${views.size} is above the resolution ${resolution}; cut windows of at most ${resolution}.`
  return [{ pointer: '/data/views/size', message }]
}

function sizeFaults({ resolution = RESOLUTION, limit }: ImagesSpec, header: ImageHeader): FieldFault[] {
  const faults: FieldFault[] = []
  const side = Math.min(header.height, header.width)
  if (resolution > side) {
    const message = `The resolution ${resolution} is above the ${header.height}×${header.width} pixels of the images; use at most ${side}.`
    faults.push({ pointer: '/data/resolution', message })
  }
  if (limit !== undefined && limit > header.count) {
    const message = `The limit ${limit} is above the ${header.count} images of the set; leave it out to use all.`
    faults.push({ pointer: '/data/limit', message })
  }
  return faults
}
