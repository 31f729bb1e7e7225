import type { DataSpec } from '../experiment/data-spec.ts'
import type { FieldFault } from '../experiment/failure.ts'
import { imageFeatures, inspectImages } from './images/open-images.ts'
import { kindOf } from './kinds.ts'

/** What can be said of a data spec before anything is queued. */
export interface Inspection {
  readonly features: number // d
  /** SHA-256 of the file that the data come from, in hex; null where the spec is all there is, or the file is not whole. */
  readonly digest: string | null
  /** What the domain forbids; empty where `openProblem` will work. Pointers begin with /data. */
  readonly faults: FieldFault[]
}

/** Checks a data spec that has passed its schema. Reads an image file once to hash it and hold it to its header. */
export async function inspectData(data: DataSpec): Promise<Inspection> {
  if (data.kind === 'images') return { features: imageFeatures(data), ...(await inspectImages(data)) }
  const kind = kindOf(data)
  return { features: kind.features(data), digest: null, faults: kind.faults(data) }
}
