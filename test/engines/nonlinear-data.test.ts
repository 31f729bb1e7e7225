import assert from 'node:assert/strict'
import { it } from 'node:test'
import { symmetricEigen } from '../../src/data/linear-algebra.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { Manifest } from '../../src/experiment/measurement.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec, Objective } from '../../src/experiment/spec.ts'
import { buildReport } from '../../src/report/report.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { families } from '../data/nonlinear/families.ts'
import { shortSpec, train } from './runs.ts'

/** Small enough for a second, long enough for the first features. */
const scenes = {
  ...families.factors,
  factors: ['position-x', 'background'],
  lambda: [0.9, 0.1],
  rho: [0.9, 0.1],
}
const sets = {
  mixing: { ...families.mixing, layers: 2 },
  hierarchical: { ...families.hierarchical, lambda: [1, 0.4], rho: [0.9, 0.5] },
  factors: { ...scenes, size: 6 },
} as unknown as Record<string, ExperimentSpec['data']>

function specOf(data: ExperimentSpec['data'], objective: Objective, learningRate: number): ExperimentSpec {
  const training = { mode: 'sgd', learningRate, steps: 400, batchSize: 256 } as const
  return shortSpec({ objective, data, training, init: { kind: 'balanced', scale: 0.2 } })
}

/** A rate that the loudest direction of x bears. */
async function rateFor(data: ExperimentSpec['data']): Promise<number> {
  const { moments } = await openProblem(data)
  return 0.05 / symmetricEigen(moments.Sxx).values[0]!
}

for (const [name, data] of Object.entries(sets)) {
  for (const objective of ['jepa', 'mae'] as const) {
    it(`${objective} on samples of ${name} follows the descent on their moments`, async () => {
      const { spectrum, moments } = await openProblem(data)
      const spec = specOf(data, objective, await rateFor(data))
      const run = await train(referenceEngine, spec)
      const { batchSize: _, ...descent } = spec.training as Extract<
        ExperimentSpec['training'],
        { mode: 'sgd' }
      >
      const mean = await train(referenceEngine, {
        ...spec,
        training: { ...descent, mode: 'gradient-descent' } as ExperimentSpec['training'],
      })
      assert.equal(run.outcome, 'succeeded')
      const { loss, amplitudes } = run.measurements
      const [end, expected] = [loss.at(-1)!, mean.measurements.loss.at(-1)!]
      assert.ok(
        Math.abs(end / expected - 1) < 0.05,
        `the loss ends at ${end}, that of the descent at ${expected}`,
      )
      // JEPA's rises while its target grows, MAE's falls.
      assert.ok(Math.abs(end / loss[0]! - 1) > 0.05, `the loss goes from ${loss[0]} to ${end}`)
      const most = Math.max(...mean.measurements.amplitudes.flat())
      for (const [i, amplitude] of amplitudes.entries()) {
        const gap = Math.abs(amplitude.at(-1)! - mean.measurements.amplitudes[i]!.at(-1)!) / most
        assert.ok(gap < 0.12, `feature ${i} is ${gap} of the largest from the descent`) // minibatches of 256
      }
      const resolved = resolveSpec(spec, spectrum.lambda.length)
      const { steps, wallSeconds, precision, outcome, message, time, measurements } = run
      const manifest: Manifest = {
        manifest: 1,
        ...{ id: 'r', attempt: 1, outcome, message, steps, time, wallSeconds, precision },
        device: 'cpu',
        engine: 'reference',
        versions: {},
        fingerprint: '',
        files: [],
      }
      const { result } = buildReport({ id: 'r', spec: resolved, spectrum, moments, manifest, measurements })
      assert.equal(result.applies.commuting, false)
      assert.equal(result.features.length, spectrum.lambda.length)
    })
  }

  it(`a stored set of ${name} trains as a stream does`, async () => {
    const rate = await rateFor(data)
    const stored = { ...data, samples: 5_000_000 } as ExperimentSpec['data']
    const runs = await Promise.all(
      [data, stored].map((each) => train(referenceEngine, specOf(each, 'mae', rate))),
    )
    const [stream, set] = runs.map(({ measurements }) => measurements.loss.at(-1)!)
    assert.notEqual(stream, set)
    assert.ok(Math.abs(set! / stream! - 1) < 0.05, `losses ${stream} and ${set}`)
  })
}
