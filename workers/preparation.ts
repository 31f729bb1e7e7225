import { inspectData } from '../src/data/inspect.ts'
import { openProblem } from '../src/data/open-problem.ts'
import type { Problem } from '../src/data/problem.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import { chooseEngine } from './engines/choose.ts'
import type { Engine } from './engines/engine.ts'

/** What a run needs beside its spec. */
export interface Prepared {
  readonly problem: Problem
  readonly engine: Engine
}

/**
 * A way to open the data of runs and choose their engines, once for runs that agree in what decides it.
 *
 * @param artifacts the folder whose registered image sets the runs may name
 * @param onMissing hears why an engine that a run would have had is not here
 */
export function openPreparation(
  artifacts: string,
  onMissing: (run: CohortRun, error: ExperimentError) => void,
): (run: CohortRun) => Promise<Prepared> {
  const problems = new Map<string, Promise<Problem>>()
  const engines = new Map<string, Promise<Engine>>()
  return async (run) => {
    const { data, engine, device, model, training } = run.spec
    const { mode, precision } = training
    const draws = training.mode === 'flow' ? null : (training.draws ?? null)
    const problem = await once(problems, JSON.stringify([data, run.dataDigest]), () =>
      openData(run, artifacts),
    )
    const choose = () => chooseEngine(run.spec, { onMissing: (error) => onMissing(run, error) })
    const asked = [engine, device, model, mode, precision, draws]
    return { problem, engine: await once(engines, JSON.stringify(asked), choose) }
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}

/** The run's id stands for the data file as it was posted; another file under its name is another experiment. */
async function openData({ spec, dataDigest }: CohortRun, artifacts: string): Promise<Problem> {
  if (spec.data.kind === 'images') {
    const { digest, faults } = await inspectData(spec.data, artifacts)
    if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
    if (digest !== dataDigest) {
      const why = 'this worker sees another file than the one that the job was posted with'
      throw new ExperimentError('DATASET_UNREADABLE', { dataset: spec.data.dataset, why })
    }
  }
  return openProblem(spec.data, artifacts)
}
