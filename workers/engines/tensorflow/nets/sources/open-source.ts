import type { Problem } from '../../../../../src/data/problem.ts'
import { isGaussian } from '../../../../../src/experiment/data-spec.ts'
import type { NetPlan } from '../../../engine.ts'
import { gaussianSource } from './gaussian.ts'
import { nonlinearSource } from './nonlinear.ts'
import type { DeviceSource } from './source.ts'

/** Runs of a cohort share their problem, and what draws from it. */
const known = new WeakMap<Problem, DeviceSource>()

/** The data as a step draws them itself; null where they are drawn in JavaScript and fed: masks, images and stored sets. */
export function deviceSource({ spec: { data }, problem }: NetPlan): DeviceSource | null {
  const isStreamed = data.kind === 'nonlinear' && data.samples === undefined
  if (!isGaussian(data) && !isStreamed) return null
  const source = known.get(problem) ?? (isStreamed ? nonlinearSource(data) : gaussianSource(problem))
  known.set(problem, source)
  return source
}
