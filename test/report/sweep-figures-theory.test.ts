import assert from 'node:assert/strict'
import { it } from 'node:test'
import { specAt } from '../../src/experiment/axes.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { contours } from '../../src/report/sweeps/figures/contour.ts'
import { spectrumFromTheory } from '../../src/report/sweeps/figures/spectrum-from-theory.ts'
import { spotsOf } from '../../src/report/sweeps/figures/spots.ts'
import { sweepAxes } from '../../src/report/sweeps/figures/sweep-axes.ts'
import type { FinishedSweepRun } from '../../src/report/sweeps/figures/sweep-drawing.ts'
import { theoryAlong } from '../../src/report/sweeps/figures/theory-curve.ts'
import { exactSweep, inverted } from './sweep-figures-runs.ts'

const objective = ['jepa', 'mae']
const depths = exactSweep({ base: inverted, axes: { objective, 'model.depth': [1, 2, 3] } })
const scales = exactSweep({
  base: inverted,
  axes: { objective, 'init.scale': { log: [1e-4, 0.1], count: 7 } },
})

it('the lines of theory on a grid run where its field crosses the level', () => {
  const field = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 9 }, (_, j) => Math.hypot(i - 4, j - 4)),
  )
  const [circle, ...others] = contours(field, 2.5)
  assert.equal(others.length, 0)
  assert.deepEqual(circle!.at(0), circle!.at(-1)) // closed
  for (const [x, y] of circle!) {
    const radius = Math.hypot(x - 4, y - 4)
    assert.ok(Math.abs(radius - 2.5) < 0.06, `${radius}`) // straight lines between grid points
  }
  const saddle = contours(
    [
      [1, 0],
      [0, 1],
    ],
    0.5,
  )
  assert.equal(saddle.length, 2)
  assert.deepEqual(
    contours(
      [
        [1, null],
        [0, 0],
      ],
      0.5,
    ),
    [],
  )
})

it('λ and ρ of data that are not opened come back from what theory said of a run', () => {
  const { lambda, rho } = inverted.data as { lambda: number[]; rho: number[] }
  for (const run of depths.runs) {
    const spec = resolveSpec(specAt(inverted, run.point) as ExperimentSpec, 4)
    const told = spectrumFromTheory(spec, run as FinishedSweepRun, [])
    for (const [i, l] of lambda.entries()) {
      assert.ok(Math.abs(told.lambda[i]! / l - 1) < 1e-9, `${told.lambda[i]} for ${l}`) // rounding of powers
      assert.ok(Math.abs(told.rho[i]! / rho[i]! - 1) < 1e-9, `${told.rho[i]} for ${rho[i]}`)
    }
  }
})

it('theory between the runs is that of the runs, at any place of a continuous axis', () => {
  const [axis] = sweepAxes(scales.spec, scales.runs)
  const spots = spotsOf(scales.spec, scales.runs).filter((spot) => spot.objective === 'mae')
  const curve = theoryAlong(scales.spec, axis!, spots)
  assert.ok(curve.length > 60 && curve.every(({ at }, k) => k === 0 || at >= curve[k - 1]!.at))
  const { point, predicted } = spots[3]!
  const at = axis!.placeOf(point)!
  const [before, after] = [curve.findLast((each) => each.at < at)!, curve.find((each) => each.at > at)!]
  for (const [i, time] of predicted.entries()) {
    const [more, less] = [before.times[i]!, after.times[i]!]
    assert.ok(less < time! && time! < more, `${time} between ${less} and ${more}`) // falls with ε
  }
})
