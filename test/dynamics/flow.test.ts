import assert from 'node:assert/strict'
import { it } from 'node:test'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { DormandPrince } from '../../workers/dynamics/flow.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { rotated, train } from '../engines/runs.ts'

it('the integrator follows a circle for ten turns to 1e-8', () => {
  const solver = new DormandPrince(Float64Array.of(1, 0), 1, (at, out) => {
    out[0] = -at[1]!
    out[1] = at[0]!
  })
  const end = 20 * Math.PI
  while (solver.time < end) assert.ok(solver.advance(end))
  assert.equal(solver.time, end)
  const gap = Math.hypot(solver.theta[0]! - 1, solver.theta[1]!)
  assert.ok(gap < 1e-8, `off by ${gap}`) // some 500 steps of 1e-10 and less
})

it('the integrator lands on every limit and then takes its long steps again', () => {
  const count = (limits: number[]) => {
    const solver = new DormandPrince(Float64Array.of(1), 1, (at, out) => {
      out[0] = -at[0]!
    })
    for (const limit of limits) {
      while (solver.time < limit) solver.advance(limit)
      assert.equal(solver.time, limit)
      assert.ok(Math.abs(solver.theta[0]! - Math.exp(-limit)) < 1e-9)
    }
    return solver.step
  }
  const [free, stopped] = [count([10]), count([1e-7, 1, 2, 2.0001, 5, 10])]
  assert.ok(stopped < free + 18, `${stopped} steps with stops, ${free} without`)
})

it('inside a step the solution is known as well as at its end', () => {
  const solver = new DormandPrince(Float64Array.of(1, 0), 1, (at, out) => {
    out[0] = -at[1]!
    out[1] = at[0]!
  })
  const at = new Float64Array(2)
  let worst = 0
  for (let before = 0; solver.advance(10); before = solver.time) {
    for (const x of [0, 0.1, 0.37, 0.5, 0.9, 1]) {
      solver.inside(x, at)
      const angle = before + x * (solver.time - before)
      worst = Math.max(worst, Math.hypot(at[0]! - Math.cos(angle), at[1]! - Math.sin(angle)))
    }
  }
  assert.ok(worst < 1e-8, `off by ${worst}`) // as over ten turns
})

it('a solution that leaves the numbers ends the integration and is not followed past its pole', () => {
  const solver = new DormandPrince(Float64Array.of(1), 1, (at, out) => {
    out[0] = at[0]! ** 2 // 1/(1 − t)
  })
  let steps = 0
  while (solver.advance(2)) steps++
  assert.ok(steps < 2000 && solver.time <= 1, `${steps} steps, time ${solver.time}`)
})

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [1, 2, 3, 4]) {
    it(`${objective} at depth ${depth} reaches every critical time within 1e-9 of the exact value`, async () => {
      const { lambda, rho } = rotated as { lambda: number[]; rho: number[] }
      const scale = 1e-3
      const exact = (i: number, fraction: number) =>
        criticalTime(objective, { depth, lambda: lambda[i]!, rho: rho[i]!, scale, fraction })
      const run = await train(referenceEngine, {
        objective,
        data: rotated,
        model: { kind: 'deep-linear', depth },
        init: { kind: 'balanced', scale },
        training: { mode: 'flow', time: 1.05 * Math.max(...rho.map((_, i) => exact(i, 0.9))) },
        measure: { points: 20 },
        seed: 2,
      })
      assert.equal(run.outcome, 'succeeded')
      for (const [i, { time, amplitude }] of run.measurements.passages.entries()) {
        const end = fixedPoint(objective, rho[i]!, depth)
        for (const [k, level] of amplitude.entries()) {
          if (level < scale * (1 + 1e-9)) continue // the start itself, to rounding
          if (level > 0.95 * end) break // there a time is worth O(1) amplitude
          const wanted = exact(i, level / end)
          const gap = Math.abs(time[k]! / wanted - 1)
          // Steps of 1e-10 and a dense output no worse; the first rungs, at a hundredth of the time, see it most.
          assert.ok(
            gap < (level < 0.1 * end ? 3e-8 : 1e-9),
            `feature ${i} passed ${level} at ${time[k]}, exactly ${wanted}`,
          )
        }
      }
    })
  }
}
