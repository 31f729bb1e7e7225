import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { depthOf } from '../../src/experiment/model-spec.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { relativeFirstStep } from '../../src/theory/float32.ts'
import type { Engine } from '../../workers/engines/engine.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { descents } from './descent.cases.ts'
import { drawsOfOneLaw, drawsOfReference } from './draws.cases.ts'
import { goldenDescents } from './golden.cases.ts'
import { inPrecision, lanesSkip, outcomes } from './lanes.ts'
import { randomSpec } from './random-specs.ts'
import type { LinearRun } from './runs.ts'

const CASES = 120

describe('lanes', { skip: lanesSkip }, () => {
  if (lanesSkip) return
  const lanes = openLanesEngine()

  describe('in float64', () => {
    const engine = inPrecision(lanes, 'float64')
    goldenDescents(engine, 1e-10) // rounding over 1,000 steps, as the reference engine's
    descents(engine, 1e-12) // rounding over a few steps
    drawsOfReference(engine, 1e-12)
    agrees(engine, 'gradient-descent', 1e-12) // rounding
    agrees(engine, 'sgd', 1e-12)
  })

  describe('compensated', () => {
    goldenDescents(lanes, 1e-5)
    descents(lanes, 2e-6) // gradients of float32: a few roundings of 6e-8
    drawsOfOneLaw(lanes)
    drawsOfReference(lanes, 1e-5)
    agrees(lanes, 'gradient-descent', 1e-5)
    agrees(lanes, 'sgd', 1e-5)
  })

  describe('in whole numbers', () => {
    const engine = inPrecision(lanes, 'int8x3')
    goldenDescents(engine, 1e-5)
    descents(engine, 2e-6) // digits end 24 bits below the largest element of a row
    drawsOfReference(engine, 1e-5)
    agrees(engine, 'gradient-descent', 1e-5)
    agrees(engine, 'sgd', 1e-5)
  })

  describe('in plain float32', () => {
    agrees(inPrecision(lanes, 'float32'), 'gradient-descent', 1e-4, isExact) // 150 roundings of weights
    agrees(inPrecision(lanes, 'float32'), 'sgd', 1e-4, isExact)
  })
})

/** Trains random specs on both engines. @param tolerance of the largest weight or amplitude */
function agrees(
  engine: Engine,
  mode: 'gradient-descent' | 'sgd',
  tolerance: number,
  counts: (spec: ExperimentSpec) => boolean = () => true,
): void {
  it(`${CASES} random runs of ${mode} are those of the reference engine`, async () => {
    const specs = Array.from({ length: CASES }, (_, seed) => randomSpec(seed, mode)).filter(counts)
    assert.ok(specs.length >= 100, `only ${specs.length} specs count`)
    const [mine, wanted] = [await outcomes(engine, specs), await outcomes(referenceEngine, specs)]
    for (const [c, run] of wanted.entries())
      assertClose(mine[c] as LinearRun, run as LinearRun, tolerance, specs[c])
  })
}

function assertClose(found: LinearRun, wanted: LinearRun, tolerance: number, spec: unknown): void {
  const what = JSON.stringify(spec)
  assert.deepEqual(
    [found.outcome, found.steps, found.time],
    [wanted.outcome, wanted.steps, wanted.time],
    what,
  )
  assert.deepEqual(found.measurements.step, wanted.measurements.step)
  assert.deepEqual(found.measurements.time, wanted.measurements.time)
  const numbers = ({ weights }: LinearRun) =>
    [...weights.layers, weights.decoder].flatMap(({ data }) => [...data])
  const gaps = {
    weights: gap(numbers(found), numbers(wanted)),
    amplitudes: gap(found.measurements.amplitudes.flat(), wanted.measurements.amplitudes.flat()),
    loss: gap(found.measurements.loss, wanted.measurements.loss),
  }
  for (const [name, each] of Object.entries(gaps)) {
    assert.ok(each <= tolerance, `${name} are off by ${each} of the largest: ${what}`)
  }
}

/** The largest difference, as a part of the largest number wanted. */
function gap(found: readonly number[], wanted: readonly number[]): number {
  assert.equal(found.length, wanted.length)
  const size = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  return wanted.reduce((most, x, i) => Math.max(most, Math.abs(found[i]! - x)), 0) / size
}

/** Whether plain float32 carries no warning (src/dispatch/warnings.ts). */
function isExact({ objective, init, training, model }: ExperimentSpec): boolean {
  if (init.kind === 'explicit' || training.mode === 'flow') return false
  const step = { lambda: 0.4, scale: init.scale, depth: depthOf(model), learningRate: training.learningRate }
  return relativeFirstStep(objective, step) >= 1e-5
}
