import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Engine, RunPlan } from '../../workers/engines/engine.ts'
import { close } from './golden.cases.ts'
import { descent } from './plans.ts'
import { shortSpec, train, trainPlan } from './runs.ts'

/** What every engine's descent must do. @param tolerance relative, for numbers that have a known value */
export function descents(engine: Engine, tolerance: number): void {
  /** d = 1, L = 1: w and v are numbers, so one update is worked out by hand. */
  const scalar = (training: ResolvedDescent, objective: 'jepa' | 'mae' = 'jepa'): RunPlan => ({
    ...{ objective, depth: 1, features: 1, width: 1, sampler: null, directions: fromRows([[1]]), training },
    points: [training.steps],
    moments: { Sxx: fromRows([[1.25]]), Syx: fromRows([[0.75]]), Syy: fromRows([[2]]) },
    initial: { layers: [fromRows([[0.5]])], decoder: fromRows([[0.25]]) },
  })
  const slopes = (w: number, v: number) => {
    const residual = v * w * 1.25 - w * 0.75
    return { w: v * residual, v: residual * w }
  }

  it('the target of jepa passes no gradient to the encoder', async () => {
    const { layers, decoder } = (await trainPlan(engine, scalar(descent(0.1, 1)))).weights
    // With a gradient through the target w would move by η(v σ² w v − 2 v λ w + σy² w) instead.
    close(layers[0]!.data[0]!, 0.5 - 0.1 * slopes(0.5, 0.25).w, tolerance, 'w')
    close(decoder.data[0]!, 0.25 - 0.1 * slopes(0.5, 0.25).v, tolerance, 'v')
  })

  it('momentum carries the velocity of the step before', async () => {
    const plan = scalar(descent(0.1, 3, { momentum: 0.9 }))
    let [w, v, mw, mv] = [0.5, 0.25, 0, 0]
    for (let step = 0; step < 3; step++) {
      const slope = slopes(w, v)
      mw = 0.9 * mw + slope.w
      mv = 0.9 * mv + slope.v
      w -= 0.1 * mw
      v -= 0.1 * mv
    }
    const { layers, decoder } = (await trainPlan(engine, plan)).weights
    close(layers[0]!.data[0]!, w, tolerance, 'w')
    close(decoder.data[0]!, v, tolerance, 'v')
  })

  it('a schedule of steps lowers the rate at the step named, and time is the sum of rates', async () => {
    const schedule = { kind: 'steps', at: [2], factor: 0.5 } satisfies ResolvedDescent['schedule']
    const plan = scalar(descent(0.1, 4, { schedule }))
    let [w, v] = [0.5, 0.25]
    for (const rate of [0.1, 0.1, 0.05, 0.05]) {
      const slope = slopes(w, v)
      w -= rate * slope.w
      v -= rate * slope.v
    }
    const { weights, time } = await trainPlan(engine, plan)
    close(weights.layers[0]!.data[0]!, w, tolerance, 'w')
    close(weights.decoder.data[0]!, v, tolerance, 'v')
    close(time, 0.3, 1e-12, 'time') // a sum of four numbers
  })

  it('at a constant rate the time is the rate times the step to the last bit', async () => {
    const points = [1, 3, 7, 10]
    const { measurements } = await trainPlan(engine, { ...scalar(descent(0.1, 10)), points })
    // A sum of tenths is off in the last place from the third on.
    assert.deepEqual(measurements.time, [0, ...points.map((step) => 0.1 * step)])
  })

  it('a plan for sgd without a sampler is refused, not trained on the population', async () => {
    const plan = scalar(descent(0.1, 2, { mode: 'sgd', batchSize: 4 }))
    await assert.rejects(trainPlan(engine, plan), TypeError)
  })

  it('a learning rate far over the bound diverges and keeps the finite rows', async () => {
    const training = { mode: 'gradient-descent', learningRate: 40, steps: 2000 } as const
    const run = await train(
      engine,
      shortSpec({ objective: 'mae', init: { kind: 'balanced', scale: 0.5 }, training }),
    )
    assert.equal(run.outcome, 'diverged')
    assert.match(run.message ?? '', /step \d+ .*learning rate/)
    assert.ok(run.steps < 2000, `stopped at step ${run.steps}`)
    const { loss, amplitudes } = run.measurements
    assert.ok(loss.length >= 1 && [loss, ...amplitudes].flat().every(Number.isFinite))
  })

  for (const mode of ['gradient-descent', 'sgd'] as const) {
    it(`${mode} twice from one spec gives the same bytes`, async () => {
      const spec = shortSpec({ training: modeOf(mode, 60), init: { kind: 'gaussian', scale: 0.1 } })
      const [one, two] = [await train(engine, spec), await train(engine, spec)]
      assert.deepEqual(one.measurements, two.measurements)
      assert.deepEqual(one.weights, two.weights)
      const other = await train(engine, { ...spec, seed: 6 })
      assert.notDeepEqual(one.weights, other.weights)
    })
  }

  for (const objective of ['jepa', 'mae'] as const) {
    it(`${objective} twice as wide has the amplitudes of width = d`, async () => {
      const spec = shortSpec({ objective, init: { kind: 'balanced', scale: 0.3 } })
      const wide = await train(engine, { ...spec, model: { kind: 'deep-linear', depth: 2, width: 6 } })
      const square = await train(engine, spec)
      for (const [i, row] of square.measurements.amplitudes.entries()) {
        for (const [k, amplitude] of row.entries()) {
          close(wide.measurements.amplitudes[i]![k]!, amplitude, 10 * tolerance, `feature ${i}, row ${k}`)
        }
      }
    })

    it(`${objective} runs at every depth from 1 to 8, every start and both modes`, async () => {
      for (let depth = 1; depth <= 8; depth++) {
        for (const kind of ['balanced', 'gaussian', 'orthogonal'] as const) {
          const init = { kind, scale: 0.2, noise: 0.1 }
          const training = modeOf(depth % 2 ? 'sgd' : 'gradient-descent', 8)
          const model = { kind: 'deep-linear', depth, width: 4 } as const
          const run = await train(engine, shortSpec({ objective, model, init, training }))
          assert.equal(run.outcome, 'succeeded', `${kind} at depth ${depth}: ${run.message}`)
          assert.equal(run.steps, 8)
          assert.equal(run.weights.layers.length, depth)
          assert.ok(run.measurements.amplitudes.flat().every((a) => a > 0 && a < 10))
        }
      }
    })
  }
}

function modeOf(mode: 'gradient-descent' | 'sgd', steps: number): ExperimentSpec['training'] {
  const common = { learningRate: 0.1, steps, momentum: 0.5 }
  return mode === 'sgd' ? { mode, ...common, batchSize: 16 } : { mode, ...common }
}
