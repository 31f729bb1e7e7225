import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Precision } from '../../src/experiment/training-spec.ts'
import type { Engine } from '../../workers/engines/engine.ts'
import { lanesHere } from '../../workers/engines/lanes/native.ts'
import type { TrainedRun } from '../../workers/run-cohort.ts'
import { trainMany } from './runs.ts'

/** For a suite's `skip`: why the kernels cannot be tested here, or false. */
export const lanesSkip: string | false = (() => {
  try {
    lanesHere()
    return false
  } catch (error) {
    return `engine lanes is missing: ${(error as Error).message}`
  }
})()

/** An engine that trains every run in one precision, whatever it asks for. */
export function inPrecision(engine: Engine, precision: Precision): Engine {
  return {
    ...engine,
    train: (runs) =>
      engine.train(
        runs.map((run) => {
          const { training } = run.plan
          const changed = training.mode === 'flow' ? training : { ...training, precision }
          return { ...run, plan: { ...run.plan, training: changed } }
        }),
      ),
  }
}

/** Trains specs as one cohort in which each is to end by itself. */
export async function outcomes(engine: Engine, specs: readonly ExperimentSpec[]): Promise<TrainedRun[]> {
  const settled = await trainMany(engine, specs)
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
}

/** The fingerprints of specs trained as one cohort. */
export async function fingerprints(engine: Engine, specs: readonly ExperimentSpec[]): Promise<string[]> {
  return (await outcomes(engine, specs)).map((run) => fingerprintOf(run.measurements, run.weights))
}
