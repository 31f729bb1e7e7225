import type { Problem } from '../../../../../src/data/problem.ts'
import { type DataSpec, isGaussian } from '../../../../../src/experiment/data-spec.ts'
import type { NetPlan } from '../../../engine.ts'
import { gaussianSource } from './gaussian.ts'
import { imageSource } from './images.ts'
import { nonlinearSource } from './nonlinear.ts'
import type { DeviceSource } from './source.ts'

/** Runs of a cohort share their problem, and what draws from it. */
const known = new WeakMap<Problem, DeviceSource>()

/** The data as a step draws them itself; null where they are drawn in JavaScript and fed: stored sets, and some masks. */
export function deviceSource({ spec: { data }, problem }: NetPlan): DeviceSource | null {
  const found = known.get(problem)
  if (found !== undefined) return found
  const source = openSource(data, problem)
  if (source !== null) known.set(problem, source)
  return source
}

function openSource(data: DataSpec, problem: Problem): DeviceSource | null {
  const { images, latents } = problem
  if (data.kind === 'images') return images === undefined ? null : imageSource(images)
  if (data.kind === 'nonlinear') {
    return data.samples === undefined && latents !== undefined
      ? nonlinearSource(data, latents.calibration)
      : null
  }
  return isGaussian(data) ? gaussianSource(problem) : null
}
