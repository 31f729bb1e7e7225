import type { Problem } from '../../src/data/problem.ts'
import { inputShape } from '../../src/experiment/input-shape.ts'
import { netLayers } from '../../src/experiment/net-layers.ts'
import type { NetSpec } from '../../src/experiment/resolve.ts'
import { movingMoments, netStart } from '../models/net-start.ts'
import type { NetPlan } from './engine.ts'
import { heldOutSamples } from './held-out.ts'

/** The plan of a net for data that are open. */
export function netPlan(spec: NetSpec, problem: Problem, points: readonly number[]): NetPlan {
  const { features } = problem
  const shape = inputShape(spec.data, features)
  const layers = netLayers(spec.model, shape, spec.objective)
  const { init } = spec
  if (init.kind !== 'gaussian' && init.kind !== 'orthogonal') {
    throw new TypeError(`A net has no start of kind ${init.kind}.`)
  }
  return {
    spec,
    shape,
    layers,
    problem,
    sampler: problem.sampler(spec.seed),
    initial: netStart(layers, { kind: init.kind, scale: init.scale }, spec.seed),
    moving: movingMoments(layers),
    heldOut: heldOutSamples(problem, spec.measure.probes),
    points,
  }
}
