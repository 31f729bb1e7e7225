import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { Problem } from '../../src/data/problem.ts'
import type { NamedTensors } from '../../src/experiment/matrix.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Engine } from '../../workers/engines/engine.ts'
import { type Member, type TrainedRun, trainCohort } from '../../workers/run-cohort.ts'

/** A net that trains in well under a second: four latents of different ρ, seen through a mixing. */
export function netSpec(change: Partial<ExperimentSpec> = {}): ExperimentSpec {
  return {
    objective: 'jepa',
    data: { kind: 'nonlinear', family: 'mixing', lambda: [1, 1, 1, 1], rho: [0.3, 0.5, 0.7, 0.9] },
    model: { kind: 'mlp', depth: 1, width: 16, outputs: 8, activation: 'relu' },
    init: { kind: 'gaussian', scale: 0.5 },
    training: { mode: 'sgd', learningRate: 0.05, batchSize: 16, steps: 60 },
    measure: { points: 6 },
    ...change,
  }
}

/** Small images of three factors. */
export const scenes: ExperimentSpec['data'] = {
  kind: 'nonlinear',
  family: 'factors',
  factors: ['position-x', 'position-y', 'brightness'],
  lambda: [0.3, 0.3, 0.3],
  rho: [0.4, 0.6, 0.9],
  size: 8,
}

const problems = new Map<string, Promise<Problem>>()

/** Data as a cohort has them: opened once. */
function opened(data: ExperimentSpec['data']): Promise<Problem> {
  const key = JSON.stringify(data)
  const problem = problems.get(key) ?? openProblem(data)
  problems.set(key, problem)
  return problem
}

/** Trains nets as one cohort; `change` sets hands of a member. */
export async function trainNets(
  engine: Engine,
  specs: readonly ExperimentSpec[],
  change: (r: number) => Partial<Member> = () => ({}),
): Promise<PromiseSettledResult<TrainedRun & { readonly weights: NamedTensors }>[]> {
  const members = specs.map(async (asked, r): Promise<Member> => {
    const problem = await opened(asked.data)
    const spec = resolveSpec(asked, problem.features)
    return { spec, problem, report() {}, signal: new AbortController().signal, ...change(r) }
  })
  const ends = trainCohort(engine, await Promise.all(members))
  return Promise.allSettled(ends as Promise<TrainedRun & { readonly weights: NamedTensors }>[])
}

/** The only one of them. @throws what it threw */
export async function trainNet(engine: Engine, spec: ExperimentSpec) {
  const [end] = await trainNets(engine, [spec])
  if (end?.status === 'fulfilled') return end.value
  throw end?.reason
}

export const printOf = ({ measurements, weights }: TrainedRun) => fingerprintOf(measurements, weights)
