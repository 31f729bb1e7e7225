import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { openImages } from './images/open-images.ts'
import { kindOf } from './kinds.ts'
import type { Problem } from './problem.ts'

/**
 * Makes a data spec concrete: population moments, features and a sampler of that very population.
 * Opening twice gives the same numbers.
 *
 * @param artifacts the folder whose registered image sets the spec may name
 * @throws SPEC_INVALID where the domain forbids the spec, DATASET_UNREADABLE where its file is not whole
 */
export async function openProblem(data: DataSpec, artifacts: string | null = null): Promise<Problem> {
  if (data.kind === 'images') return openImages(data, artifacts)
  const kind = kindOf(data)
  const faults = kind.faults(data)
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  return kind.open(data)
}
