import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { CohortRun } from '../../src/queue/cohort-job.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { openPreparation } from '../../workers/preparation.ts'
import { trainCohort, trainRun } from '../../workers/run-cohort.ts'
import { lanesSkip } from './lanes.ts'
import { Dice } from './random-specs.ts'

const MANY = 1000
const EVERY = 13 // of them are trained alone too
const hands = () => ({ signal: new AbortController().signal, report() {} })

/** A point of a sweep as they come: some share their data, some their start, some nothing but the shape. */
function pointOf(run: number, training: ExperimentSpec['training']): ExperimentSpec {
  const dice = new Dice(run)
  const data = new Dice(run % 40 < 20 ? 7 : run) // every other twenty share theirs
  const rotation = data.pick([{ kind: 'identity' }, { kind: 'haar', seed: data.whole(0, 9) }] as const)
  return {
    objective: dice.pick(['jepa', 'mae']),
    data: { kind: 'gaussian', lambda: data.list(4, 0.4, 1.2), rho: data.list(4, 0.4, 0.95), rotation },
    model: { kind: 'deep-linear', depth: 2 },
    init: {
      kind: dice.pick(['balanced', 'balanced', 'gaussian', 'orthogonal']),
      scale: dice.pick([1e-3, 0.05, 0.3]),
      noise: dice.pick([0, 0, 0.1]),
    },
    training,
    measure: { points: dice.pick([6, 20]) },
    seed: dice.whole(0, 20),
    replicate: run,
  }
}

const TRAININGS: Record<string, ExperimentSpec['training']> = {
  'descent of': { mode: 'gradient-descent', learningRate: 0.05, steps: 150 },
  'sgd by moments of': { mode: 'sgd', learningRate: 0.05, steps: 60, batchSize: 8, draws: 'moments' },
  'flow of': { mode: 'flow', time: 8 },
}

describe('a cohort as a worker trains it', { skip: lanesSkip }, () => {
  for (const [name, training] of Object.entries(TRAININGS)) {
    it(`${name} 1,000 points of both objectives gives each run the fingerprint that it has alone`, async () => {
      const runs = await Promise.all(
        Array.from({ length: MANY }, async (_, run): Promise<CohortRun> => {
          const asked = pointOf(run, training)
          const spec = resolveSpec(asked, (await openProblem(asked.data)).features)
          return { id: `r${run}`, attempt: 1, crashes: 0, spec, dataDigest: null }
        }),
      )
      const prepare = openPreparation('', () => {})
      const members = runs.map(async (run) => ({ ...hands(), spec: run.spec, ...(await prepare(run)) }))
      const engine = openLanesEngine()
      const trained = await Promise.all(trainCohort(engine, await Promise.all(members)))
      const prints = trained.map(({ measurements, weights }) => fingerprintOf(measurements, weights))
      assert.equal(new Set(prints).size, new Set(runs.map(({ spec }) => numbersOf(spec))).size)
      for (let r = 0; r < MANY; r += EVERY) {
        const { spec } = runs[r] as CohortRun
        const { measurements, weights } = await trainRun(spec, await openProblem(spec.data), {
          ...hands(),
          engine,
        })
        assert.equal(prints[r], fingerprintOf(measurements, weights), `run ${r}: ${JSON.stringify(spec)}`)
      }
    })
  }
})

/** What decides the numbers of a run. */
function numbersOf({ replicate: _, ...spec }: CohortRun['spec']): string {
  return JSON.stringify(spec)
}
