import type { Problem } from '../../src/data/problem.ts'
import { inputShape } from '../../src/experiment/input-shape.ts'
import { netLayers } from '../../src/experiment/net-layers.ts'
import { isProbe, PROBES } from '../../src/experiment/probe.ts'
import type { NetSpec } from '../../src/experiment/resolve.ts'
import { movingMoments, netStart } from '../models/net-start.ts'
import type { NetPlan } from './engine.ts'
import { type HeldOut, heldOutSamples } from './held-out.ts'

/** The plan of a net for data that are open. */
export function netPlan(spec: NetSpec, problem: Problem, points: readonly number[]): NetPlan {
  const { features } = problem
  const shape = inputShape(spec.data, features)
  const layers = netLayers(spec.model, shape, spec.objective)
  const { init } = spec
  if (init.kind !== 'gaussian' && init.kind !== 'orthogonal') {
    throw new TypeError(`A net has no start of kind ${init.kind}.`)
  }
  const heldOut = heldOutSamples(problem, spec.measure.probes)
  return {
    spec,
    shape,
    layers,
    problem,
    sampler: problem.sampler(spec.seed),
    initial: netStart(layers, { kind: init.kind, scale: init.scale }, spec.seed),
    moving: movingMoments(layers),
    heldOut,
    probes: spec.measure.probes.filter((name) => isPossible(name, heldOut)),
    points,
  }
}

/** Whether a set of images has labels is known once it is open; what else a probe needs, the spec tells. */
function isPossible(name: string, { test }: HeldOut): boolean {
  return !isProbe(name) || PROBES[name].needs !== 'labels' || test.labels !== undefined
}
