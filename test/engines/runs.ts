import { openProblem } from '../../src/data/open-problem.ts'
import type { Weights } from '../../src/experiment/matrix.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Engine, RunPlan, Trajectory } from '../../workers/engines/engine.ts'
import { type Hands, type TrainedRun, trainCohort, trainRun } from '../../workers/run-cohort.ts'

/** Three features whose λ falls as ρ rises, in a rotated basis. */
export const rotated: ExperimentSpec['data'] = {
  kind: 'gaussian',
  lambda: [1.1, 1, 0.9],
  rho: [0.5, 0.7, 0.9],
  rotation: { kind: 'haar', seed: 3 },
}

/** A short JEPA descent on them; the tests change a field or two. */
export function shortSpec(change: Partial<ExperimentSpec> = {}): ExperimentSpec {
  return {
    objective: 'jepa',
    data: rotated,
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'balanced', scale: 0.04 },
    training: { mode: 'gradient-descent', learningRate: 0.1, steps: 300 },
    measure: { points: 12 },
    seed: 5,
    ...change,
  }
}

/** A run of a deep linear model. */
export type LinearRun = Omit<TrainedRun, 'weights'> & { readonly weights: Weights }

/** Trains a spec of a deep linear model as a worker would, with hands that do nothing but what is given. */
export async function train(
  engine: Engine,
  spec: ExperimentSpec,
  hands: Partial<Omit<Hands, 'engine'>> = {},
): Promise<LinearRun> {
  const problem = await openProblem(spec.data)
  const resolved = resolveSpec(spec, problem.features)
  const signal = new AbortController().signal
  return trainRun(resolved, problem, { engine, signal, report() {}, ...hands }) as Promise<LinearRun>
}

/** Trains one plan to its end, with hands that do nothing. */
export async function trainPlan(engine: Engine, plan: RunPlan): Promise<Trajectory> {
  const { signal } = new AbortController()
  const [trajectory] = engine.train([{ plan, signal, report() {}, now: () => performance.now() }])
  return trajectory as Promise<Trajectory>
}

/**
 * Trains specs as one cohort.
 *
 * @param signals of each, one that never aborts where left out
 * @param hear told how a run ended, as it ends
 */
export async function trainMany(
  engine: Engine,
  specs: readonly ExperimentSpec[],
  signals: readonly AbortSignal[] = [],
  hear: (run: number, status: 'fulfilled' | 'rejected') => void = () => {},
): Promise<PromiseSettledResult<TrainedRun>[]> {
  const members = specs.map(async (asked, r) => {
    const problem = await openProblem(asked.data)
    const spec = resolveSpec(asked, problem.features)
    return { spec, problem, report() {}, signal: signals[r] ?? new AbortController().signal }
  })
  const ends = trainCohort(engine, await Promise.all(members))
  for (const [r, end] of ends.entries()) {
    end.then(
      () => hear(r, 'fulfilled'),
      () => hear(r, 'rejected'),
    )
  }
  return Promise.allSettled(ends)
}
