import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ExperimentSpec, Objective } from '../../src/experiment/spec.ts'
import { measuredCurve, timeOfReaching } from '../../src/report/measured-curve.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { crossoverRatio } from '../../src/theory/crossover.ts'
import { descentAmplitudes, firstStepPast } from '../../src/theory/discrete-descent.ts'
import { fixedPoint, fixedPointLoss } from '../../src/theory/fixed-points.ts'
import type { Point } from '../../src/theory/mode.ts'
import { learningOrder } from '../../src/theory/order.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import type { TrainedRun } from '../../workers/run-cohort.ts'
import { train } from '../engines/runs.ts'
import { relativeError } from './numerics.ts'

/** Training never sees the theory: these runs are the matrices of a rotated problem on the reference engine. */
const objectives = ['jepa', 'mae'] as const
const lambda = [1, 0.8, 0.6]
const rho = [0.9, 0.6, 1.2]
const sigma2 = lambda.map((l, i) => l / rho[i]!)

interface Setting {
  objective: Objective
  depth: number
  scale: number
  lambda: number[]
  rho: number[]
}
const pointsOf = ({ depth, scale, lambda, rho }: Setting): Point[] =>
  lambda.map((l, i) => ({ depth, scale, fraction: 0.5, lambda: l, rho: rho[i]! }))

function specOf(setting: Setting, training: ExperimentSpec['training']): ExperimentSpec {
  return {
    objective: setting.objective,
    data: { kind: 'gaussian', lambda: setting.lambda, rho: setting.rho, rotation: { kind: 'haar', seed: 2 } },
    model: { kind: 'deep-linear', depth: setting.depth },
    init: { kind: 'balanced', scale: setting.scale },
    training,
    measure: { points: 20 },
    seed: 4,
  }
}

/** When each feature was seen to pass half its fixed point. */
function measuredTimes(run: TrainedRun, { objective, depth, rho }: Setting): number[] {
  return rho.map((r, i) => {
    const target = fixedPoint(objective, r, depth)
    return timeOfReaching(measuredCurve(run.measurements, i), 0.5 * target, target) ?? Infinity
  })
}

function assertTimes(measured: number[], wanted: number[], tolerance: number): void {
  for (const [i, time] of measured.entries()) {
    const error = relativeError(time, wanted[i]!)
    assert.ok(error < tolerance, `feature ${i}: measured ${time}, theory ${wanted[i]}, off by ${error}`)
  }
}

for (const objective of objectives) {
  for (const depth of [1, 2, 3, 4]) {
    const setting = { objective, depth, scale: objective === 'jepa' ? 0.02 : 1e-3, lambda, rho }
    const exact = pointsOf(setting).map((point) => criticalTime(objective, point))

    it(`${objective} at depth ${depth}: flow reaches every critical time and trains to the fixed point`, async () => {
      const time = 2 * Math.max(...exact) + 60
      const run = await train(referenceEngine, specOf(setting, { mode: 'flow', time }))
      assertTimes(measuredTimes(run, setting), exact, 1e-3) // 0.1 %: the ladder's reading, 1e-5, and the integrator
      for (const [i, point] of pointsOf(setting).entries()) {
        const series = run.measurements.amplitudes[i]!
        const predicted = amplitudesAt(objective, point, run.measurements.time)
        const target = fixedPoint(objective, rho[i]!, depth)
        for (const [k, w] of predicted.entries()) {
          // integrator's 1e-10 in t, magnified by t w̄'/w̄ < 1e4
          assert.ok(
            Math.abs(series[k]! - w) < 1e-5 * target,
            `row ${k} of feature ${i}: ${series[k]}, theory ${w}`,
          )
        }
      }
      const sigmaY2 = sigma2.map((s, i) => s * Math.max(1, rho[i]! ** 2))
      const wanted = fixedPointLoss(objective, { lambda, rho, sigmaY2 }, depth)
      const loss = run.measurements.loss.at(-1)!
      assert.ok(relativeError(loss, wanted) < 1e-3, `loss ${loss}, theory ${wanted}`) // what is left at this time
    })

    it(`${objective} at depth ${depth}: descent at a tenth of the bound follows its recurrence`, async () => {
      const learningRate = 0.1 * maxStableLearningRate(objective, sigma2, lambda, depth)
      const steps = Math.ceil((1.3 * Math.max(...exact)) / learningRate)
      const precision = 'float64' as const
      const run = await train(
        referenceEngine,
        specOf(setting, { mode: 'gradient-descent', learningRate, steps, precision }),
      )
      for (const [i, point] of pointsOf(setting).entries()) {
        const predicted = descentAmplitudes(objective, point, learningRate, run.measurements.step)
        for (const [k, w] of predicted.entries()) {
          const seen = run.measurements.amplitudes[i]![k]!
          assert.ok(
            relativeError(seen, w) < 1e-7,
            `step ${run.measurements.step[k]}: ${seen}, recurrence ${w}`,
          ) // rounding, magnified
        }
      }
      const discrete = pointsOf(setting).map((point) => firstStepPast(objective, point, learningRate))
      const measured = measuredTimes(run, setting)
      for (const [i, step] of discrete.entries()) {
        const seen = measured[i]! / learningRate
        // 1 %, and the step in which the level was passed
        assert.ok(
          seen > 0.99 * (step - 1) && seen < 1.01 * step,
          `feature ${i}: step ${seen}, recurrence ${step}`,
        )
      }
      if (depth >= 2) assertTimes(measured, exact, 0.01) // O(η)
    })
  }

  it(`${objective}: the fixed point is stable below the bound and left above it`, async () => {
    const depth = 3
    const setting = { objective, depth, scale: 0.5, lambda, rho }
    const bound = maxStableLearningRate(objective, sigma2, lambda, depth)
    const targets = rho.map((r) => fixedPoint(objective, r, depth))
    const distanceAfter = async (factor: number) => {
      const spec = specOf(setting, {
        mode: 'gradient-descent',
        learningRate: factor * bound,
        steps: 4000,
        precision: 'float64',
      })
      const nearby = targets.map((w) => w ** (1 / depth))
      const run = await train(referenceEngine, {
        ...spec,
        data: unrotated,
        init: beside(objective, nearby, depth),
      })
      const end = run.measurements.amplitudes.map((row) => row.at(-1)!)
      if (run.outcome === 'diverged') return Infinity
      return Math.max(...end.map((w, i) => Math.abs(w - targets[i]!)))
    }
    for (const factor of [0.5, 0.95]) {
      const distance = await distanceAfter(factor)
      assert.ok(distance < 1e-3, `${factor} of the bound ends ${distance} away`) // the start's 1e-4, at neutral directions
    }
    for (const factor of [1.1, 3]) {
      const distance = await distanceAfter(factor)
      assert.ok(distance > 0.01, `${factor} of the bound ends ${distance} away`)
    }
  })

  it(`${objective}: order of two features changes at the crossover`, async () => {
    const pair = { depth: 2, scale: 1e-3, rho: [0.3, 0.9] as [number, number], fraction: 0.5 }
    const ratio = crossoverRatio(objective, pair)
    for (const [factor, first] of [
      [0.97, 1],
      [1.03, 0],
    ] as const) {
      const setting = { objective, depth: 2, scale: 1e-3, lambda: [factor * ratio, 1], rho: pair.rho }
      const times = pointsOf(setting).map((point) => criticalTime(objective, point))
      const run = await train(
        referenceEngine,
        specOf(setting, { mode: 'flow', time: 1.1 * Math.max(...times) }),
      )
      assert.equal(learningOrder(measuredTimes(run, setting))[0], first, `λ ratio ${factor} of the crossover`)
    }
  })
}

const unrotated: ExperimentSpec['data'] = { kind: 'gaussian', lambda, rho }

/** Explicit weights at the fixed point (u per layer and decoder) but for entries of 1e-4 everywhere. */
function beside(objective: Objective, layers: number[], depth: number): ExperimentSpec['init'] {
  const n = layers.length
  const matrix = (seed: number) =>
    layers.map((u, i) =>
      Array.from(
        { length: n },
        (_, j) => (i === j ? u : 0) + 1e-4 * Math.cos(7 * seed + 3 * i + 5 * j + i * j),
      ),
    )
  const decoder = matrix(objective === 'jepa' ? 50 : 60)
  return { kind: 'explicit', layers: Array.from({ length: depth }, (_, a) => matrix(a + 1)), decoder }
}

it('the orders of jepa and mae invert at depth 4 and not at depth 1', async () => {
  const data = { lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9] }
  const orderOf = async (objective: Objective, depth: number, scale: number) => {
    const setting = { objective, depth, scale, ...data }
    const times = pointsOf(setting).map((point) => criticalTime(objective, point))
    const run = await train(
      referenceEngine,
      specOf(setting, { mode: 'flow', time: 1.2 * Math.max(...times) }),
    )
    return learningOrder(measuredTimes(run, setting))
  }
  assert.deepEqual(await orderOf('jepa', 4, 2e-3), [3, 2, 1, 0])
  assert.deepEqual(await orderOf('mae', 4, 2e-3), [0, 1, 2, 3])
  for (const objective of objectives) assert.deepEqual(await orderOf(objective, 1, 1e-3), [0, 1, 2, 3])
})
