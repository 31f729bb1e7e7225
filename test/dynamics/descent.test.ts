import assert from 'node:assert/strict'
import { it } from 'node:test'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { rotated, train } from '../engines/runs.ts'

const { lambda, rho } = rotated as { lambda: number[]; rho: number[] }
const sigma2 = lambda.map((l, i) => l / rho[i]!)
const SCALE = 0.01

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [1, 2, 3, 4]) {
    const learningRate = maxStableLearningRate(objective, sigma2, lambda, depth) / 10
    const exact = rho.map((_, i) =>
      criticalTime(objective, { depth, lambda: lambda[i]!, rho: rho[i]!, scale: SCALE, fraction: 0.5 }),
    )
    const steps = Math.ceil((1.2 * Math.max(...exact)) / learningRate)
    const run = () =>
      train(referenceEngine, {
        objective,
        data: rotated,
        model: { kind: 'deep-linear', depth },
        init: { kind: 'balanced', scale: SCALE },
        training: { mode: 'gradient-descent', learningRate, steps },
        measure: { points: 50 },
        seed: 4,
      })

    it(`${objective} at depth ${depth}, a tenth of the bound: descent is the scalar recurrence`, async () => {
      const { measurements } = await run()
      for (const [i, row] of measurements.amplitudes.entries()) {
        let [u, step] = [SCALE ** (1 / depth), 0]
        for (const [k, amplitude] of row.entries()) {
          for (; step < measurements.step[k]!; step++) u = next(u, i, objective, depth, learningRate)
          const gap = Math.abs(amplitude / u ** depth - 1)
          assert.ok(gap < 1e-9, `feature ${i}, step ${step}: ${amplitude}, recurrence ${u ** depth}`) // rounding, amplified
        }
      }
    })

    if (depth === 1) continue
    it(`${objective} at depth ${depth}, a tenth of the bound: critical times are within 1 % of the flow's`, async () => {
      const { measurements } = await run()
      for (const [i, { time, amplitude }] of measurements.passages.entries()) {
        const half = fixedPoint(objective, rho[i]!, depth) / 2
        const k = amplitude.findIndex((a) => a >= half) // the rung above: compared with its own exact time
        const fraction = amplitude[k]! / (2 * half)
        const point = { depth, lambda: lambda[i]!, rho: rho[i]!, scale: SCALE, fraction }
        const wanted = criticalTime(objective, point)
        // O(η); a hundredth is what the project promises.
        assert.ok(Math.abs(time[k]! / wanted - 1) < 0.01, `feature ${i}: ${time[k]}, flow ${wanted}`)
      }
    })
  }
}

/** docs/theory.md §2: descent on balanced weights is Euler in u. */
function next(u: number, i: number, objective: 'jepa' | 'mae', depth: number, rate: number): number {
  const growth =
    objective === 'jepa'
      ? u ** (2 * depth) * (1 - u / rho[i]!)
      : u ** depth * (1 - u ** (depth + 1) / rho[i]!)
  return u + rate * lambda[i]! * growth
}
