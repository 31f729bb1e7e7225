import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readMeasurements, writeRun } from '../../src/artifacts/run-folder.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { type ResolvedSpec, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { curvesOf } from '../../src/report/curves.ts'
import type { Report } from '../../src/report/finished-run.ts'
import { buildReport } from '../../src/report/report.ts'
import { referenceEngine as engine } from '../../workers/engines/reference/engine.ts'
import { trainRun } from '../../workers/run-cohort.ts'
import { temporaryFolder } from '../artifacts/example-run.ts'

const id = 'rtrainedtrainedtrainedtrain'

/** Trains, stores, reads back and reports, as worker and server do. */
async function reportOf(root: string, asked: Partial<ExperimentSpec>): Promise<Report> {
  const problem = await openProblem(asked.data ?? base.data)
  const spec: ResolvedSpec = resolveSpec({ ...base, ...asked }, problem.features)
  const run = await trainRun(spec, problem, { engine, report() {}, signal: AbortSignal.timeout(60_000) })
  const { outcome, message, steps, time, wallSeconds, precision, measurements, weights } = run
  const made = {
    outcome,
    message,
    steps,
    time,
    wallSeconds,
    precision,
    device: 'cpu',
    engine: 'reference',
  } as const
  const manifest = await writeRun(
    root,
    { id, attempt: 1 },
    { spec, measurements, weights, manifest: { ...made, id, attempt: 1, versions: engine.versions } },
  )
  const { spectrum, moments } = problem
  const stored = await readMeasurements(root, id, 1)
  const report = buildReport({ id, spec, spectrum, moments, manifest, measurements: stored })
  assert.deepEqual(buildReport({ id, spec, spectrum, moments, manifest, measurements }), report)
  return report
}

const base: ExperimentSpec = {
  objective: 'jepa',
  data: {
    kind: 'gaussian',
    lambda: [1.12, 1.08, 1.04, 1],
    rho: [0.4, 0.5, 0.65, 0.9],
    rotation: { kind: 'haar', seed: 3 },
  },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale: 1e-3 },
  training: { mode: 'flow', time: 3e4 },
}

it('trained JEPA and MAE reach the critical times of theory and invert their order', async (t) => {
  const jepa = await reportOf(await temporaryFolder(t), {})
  const mae = await reportOf(await temporaryFolder(t), {
    objective: 'mae',
    training: { mode: 'flow', time: 70 },
  })
  for (const { result } of [jepa, mae]) {
    for (const { criticalTime } of result.features) {
      const error = Math.abs(criticalTime.measured! / criticalTime.predicted! - 1)
      assert.ok(error < 1e-6, `${criticalTime.measured} against ${criticalTime.predicted}`) // flow 1e-8, reading 1e-6
    }
    assert.ok(result.theoryResidual! < 1e-6, `${result.theoryResidual}`) // flow at rtol 1e-10
    assert.deepEqual(result.applies, { commuting: true, balanced: true, stable: true })
  }
  assert.deepEqual(jepa.result.order.measured, [3, 2, 1, 0])
  assert.deepEqual(mae.result.order.measured, [0, 1, 2, 3])
})

it('a run that diverges has a result with its trajectory up to there', async (t) => {
  const training = { mode: 'gradient-descent', learningRate: 40, steps: 2000 } as const
  const init = { kind: 'balanced', scale: 0.5 } as const
  const { result, trajectory } = await reportOf(await temporaryFolder(t), { training, init })
  assert.equal(result.applies.stable, false)
  assert.ok(result.steps < 2000, `${result.steps} steps`)
  assert.ok(trajectory.time.length >= 2 && trajectory.loss.every((loss) => loss !== null))
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result)
})

for (const objective of ['jepa', 'mae'] as const) {
  it(`${objective}: a feature whose views share nothing decays as predicted and is never learned`, async (t) => {
    const [Sxx, Syx] = [
      [2, 1],
      [0.9, 0],
    ].map((diagonal) => diagonal.map((v, i) => diagonal.map((_, j) => (i === j ? v : 0))))
    const data = { kind: 'covariance' as const, Sxx: Sxx!, Syx: Syx! }
    const init = { kind: 'balanced', scale: 0.3 } as const
    const training = { mode: 'flow', time: 20 } as const
    const { result, trajectory } = await reportOf(await temporaryFolder(t), {
      objective,
      data,
      init,
      training,
    })
    const { measured, predicted } = trajectory.features[1]!
    assert.ok(measured.at(-1)! < 0.2 && result.features[1]!.criticalTime.measured === null)
    for (const [k, w] of measured.entries()) {
      assert.ok(Math.abs(w! - predicted[k]!) < 1e-7, `${w} against ${predicted[k]}`) // the integrator
    }
    const spec = resolveSpec({ ...base, objective, data, init, training }, 2)
    const drawn = curvesOf({ spec, result, trajectory }).features[1]!
    const [first, last] = [drawn.predicted[0]!, drawn.predicted.at(-1)!].map(
      ([, share]) => share * drawn.unit,
    )
    assert.deepEqual([first, last], [predicted[0], predicted.at(-1)])
  })
}
