import type { DataSpec } from '../experiment/data-spec.ts'
import type { FieldFault } from '../experiment/failure.ts'
import { imageFeatures, inspectImages } from './images/open-images.ts'
import { kindOf } from './kinds.ts'

/** What can be said of a data spec before anything is queued. */
export interface Inspection {
  readonly features: number // d
  /** SHA-256 of the file that the data come from, in hex; null where the spec is all there is, or the file is not whole. */
  readonly digest: string | null
  /** How many images the set holds, where the data are images and can be read. */
  readonly images?: number
  /** What the domain forbids; empty where `openProblem` will work. Pointers begin with /data. */
  readonly faults: FieldFault[]
}

/**
 * Checks a data spec that has passed its schema. Reads an image file once to hash it and hold it to its header.
 *
 * @param artifacts the folder whose registered image sets the spec may name
 */
export async function inspectData(data: DataSpec, artifacts: string | null = null): Promise<Inspection> {
  if (data.kind === 'images')
    return { features: imageFeatures(data), ...(await inspectImages(data, artifacts)) }
  const kind = kindOf(data)
  return { features: kind.features(data), digest: null, faults: kind.faults(data) }
}

/** Matrices of more rows are decomposed away from the event loop: 64 take 10 ms, 600 take 8 s. */
const AT_ONCE = 64

/** `inspectData` where it is quick; the faults of large matrices are left to `openProblem`, which finds the same. */
export async function glanceAtData(data: DataSpec, artifacts: string | null = null): Promise<Inspection> {
  const rows = Object.values(data).map((value) => (isMatrix(value) ? value.length : 0))
  if (data.kind === 'images' || Math.max(...rows) <= AT_ONCE) return await inspectData(data, artifacts)
  return { features: kindOf(data).features(data), digest: null, faults: [] }
}

const isMatrix = (value: unknown): value is unknown[][] => Array.isArray(value) && Array.isArray(value[0])
