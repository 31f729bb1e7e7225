import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pino } from 'pino'
import { openPacks } from '../../src/artifacts/pack.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { CohortRun } from '../../src/queue/cohort-job.ts'
import { TrainerChild } from '../../workers/trainer-child.ts'
import type { News, RunEnd } from '../../workers/trainer-messages.ts'
import { temporaryFolder } from '../artifacts/example-run.ts'
import { lanesSkip } from '../engines/lanes.ts'
import { shortSpec } from '../engines/runs.ts'

const STEPS = 1e9 // until it is cancelled

for (const engine of ['reference', 'lanes'] as const) {
  const skip = engine === 'lanes' ? lanesSkip : false
  it(`the runs of a cohort on ${engine} end each in its own way`, { skip }, async (t) => {
    const artifacts = await temporaryFolder(t)
    const child = new TrainerChild(pino({ level: 'silent' }))
    t.after(() => child.kill())
    const endless = shortSpec({
      engine,
      seed: 3,
      training: { mode: 'gradient-descent', learningRate: 1e-6, steps: STEPS },
    })
    const wild = shortSpec({
      ...{ engine, objective: 'mae', init: { kind: 'balanced', scale: 0.5 } },
      training: { mode: 'gradient-descent', learningRate: 40, steps: 2000 },
    })
    const runs = await Promise.all(
      [shortSpec({ engine }), wild, endless, shortSpec({ engine, seed: 4 })].map(runOf),
    )
    const [ends, engines] = [new Map<string, RunEnd>(), new Set<string>()]
    await child.train(
      { cohort: 'together', runs, artifacts, checkpointMs: 1000 },
      ({ started, progress, ended }: News) => {
        for (const { engine: name } of started) engines.add(name)
        if (progress.some(({ run }) => run === 'run2')) child.cancel(['run2'])
        for (const { run, end } of ended) ends.set(run, end)
      },
    )
    const ended = runs.map(({ id }) => ends.get(id)?.ended)
    assert.deepEqual(ended, ['finished', 'finished', 'cancelled', 'finished'])
    assert.deepEqual([...engines], [engine])
    const packs = await openPacks(artifacts, 'together')
    t.after(() => packs.close())
    const manifests = await packs.manifests()
    const outcomes = runs.map(({ id }) => manifests.get(`${id}.1`)?.outcome)
    assert.deepEqual(outcomes, ['succeeded', 'diverged', undefined, 'succeeded'])
  })
}

async function runOf(asked: ExperimentSpec, index: number): Promise<CohortRun> {
  const spec = resolveSpec(asked, (await openProblem(asked.data)).features)
  return { id: `run${index}`, attempt: 1, crashes: 0, spec, dataDigest: null }
}
