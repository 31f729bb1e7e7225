import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { gaussian } from './kinds/gaussian.ts'
import type { Problem } from './problem.ts'

/**
 * Makes a data spec concrete: population moments, features and a sampler of that very population.
 *
 * @throws SPEC_INVALID where the domain forbids the spec
 */
export async function openProblem(data: DataSpec): Promise<Problem> {
  if (data.kind !== 'gaussian') throw new Error(`Kind ${data.kind} is not built yet.`)
  const faults = gaussian.faults(data)
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  return gaussian.open(data)
}
