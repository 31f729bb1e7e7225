import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExperimentSpec, Objective } from '../../src/experiment/spec.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import type { TrainedRun } from '../../workers/run-cohort.ts'
import { inPrecision, lanesSkip, outcomes } from './lanes.ts'
import { shortSpec } from './runs.ts'

const [lambda, rho] = [
  [1.1, 1, 0.9],
  [0.5, 0.7, 0.9],
] as const
const TOLERANCE = 1e-8 // of a time; the integrator's own tolerance is 1e-10
const LEARNED = 0.1 // of where an amplitude ends: passages before that are dated less well

interface Case {
  readonly objective: Objective
  readonly depth: number
  readonly scale: number
}

const cases: Case[] = (['jepa', 'mae'] as const).flatMap((objective) =>
  [1, 2, 3, 4].flatMap((depth) => [0.1, 0.01].map((scale) => ({ objective, depth, scale }))),
)

describe('flow on lanes', { skip: lanesSkip }, () => {
  if (lanesSkip) return
  const engine = openLanesEngine()

  it('features of balanced starts pass every level at the exact time', async () => {
    const runs = await outcomes(
      engine,
      cases.map((each) => specOf(each, { kind: 'balanced', scale: each.scale })),
    )
    let counted = 0
    for (const [c, { objective, depth, scale }] of cases.entries()) {
      for (const [i, { time, amplitude }] of runs[c]!.measurements.passages.entries()) {
        for (const [k, level] of amplitude.entries()) {
          const fraction = level / fixedPoint(objective, rho[i]!, depth)
          if (fraction < LEARNED || fraction >= 1 || level <= scale) continue
          const exact = criticalTime(objective, { depth, lambda: lambda[i]!, rho: rho[i]!, scale, fraction })
          assertNear(time[k]!, exact, `${objective}, depth ${depth}, ε ${scale}, feature ${i} at ${level}`)
          counted++
        }
      }
    }
    assert.ok(counted > 1000, `${counted} passages were compared`)
  })

  for (const start of ['noise', 'gaussian'] as const) {
    it(`features of starts with ${start} pass every level when they do on the reference engine`, async () => {
      const specs = cases.map((each) => {
        const { scale } = each
        return specOf(
          each,
          start === 'noise' ? { kind: 'balanced', scale, noise: 0.1 } : { kind: start, scale },
        )
      })
      const [mine, wanted] = [await outcomes(engine, specs), await outcomes(referenceEngine, specs)]
      for (const [c, run] of wanted.entries()) comparePassages(mine[c]!, run, JSON.stringify(cases[c]))
    })
  }

  it('rows stand at the times asked for and tell the steps that led there', async () => {
    const [run, wanted] = await Promise.all(
      [engine, referenceEngine].map(async (each) => (await outcomes(each, [specOf(cases[3]!, noisy)]))[0]!),
    )
    assert.deepEqual(run!.measurements.time, wanted!.measurements.time)
    const { step } = run!.measurements
    assert.deepEqual([step[0], step.at(-1)], [0, run!.steps])
    assert.ok(step.every((each, k) => each >= (step[k - 1] ?? 0)))
    assert.ok(run!.steps < wanted!.steps, `${run!.steps} steps, the reference engine took ${wanted!.steps}`)
    for (const [i, row] of wanted!.measurements.amplitudes.entries()) {
      for (const [k, amplitude] of row.entries()) {
        const gap = Math.abs(run!.measurements.amplitudes[i]![k]! - amplitude)
        assert.ok(gap < TOLERANCE, `feature ${i} is off by ${gap} at row ${k}`)
      }
    }
  })

  it('flow is float64 whatever precision is asked of descents', async () => {
    const spec = specOf(cases[0]!, noisy)
    const [plain] = await outcomes(engine, [spec])
    const [asked] = await outcomes(inPrecision(engine, 'float32'), [spec])
    assert.deepEqual(asked!.measurements, plain!.measurements)
    assert.equal(plain!.precision, 'float64')
  })
})

const noisy = { kind: 'balanced', scale: 0.01, noise: 0.1 } as const

/** Long enough for the last feature to come to nine tenths. */
function specOf({ objective, depth, scale }: Case, init: ExperimentSpec['init']): ExperimentSpec {
  const ends = lambda.map((each, i) =>
    criticalTime(objective, { depth, lambda: each, rho: rho[i]!, scale, fraction: 0.9 }),
  )
  return shortSpec({
    objective,
    init,
    model: { kind: 'deep-linear', depth },
    training: { mode: 'flow', time: 1.3 * Math.max(1, ...ends) },
    measure: { points: 20 },
  })
}

function comparePassages(found: TrainedRun, wanted: TrainedRun, what: string): void {
  let counted = 0
  for (const [i, { time, amplitude }] of wanted.measurements.passages.entries()) {
    const mine = found.measurements.passages[i]!
    const end = wanted.measurements.amplitudes[i]!.at(-1)!
    for (const [k, level] of amplitude.entries()) {
      if (level < LEARNED * end || time[k]! < 1e-3) continue
      const at = mine.amplitude.indexOf(level)
      // The bottom of a dip may lie inside a step: rungs below the start can be missed, those above cannot.
      if (at < 0 && level < wanted.measurements.amplitudes[i]![0]!) continue
      assert.ok(at >= 0, `${what}: feature ${i} never passed ${level}`)
      assertNear(mine.time[at]!, time[k]!, `${what}, feature ${i} at ${level}`)
      counted++
    }
  }
  assert.ok(counted > 0, `${what}: no passage was compared`)
}

function assertNear(found: number, wanted: number, what: string): void {
  const gap = Math.abs(found / wanted - 1)
  assert.ok(gap <= TOLERANCE, `${what}: time ${found}, wanted ${wanted}, off by ${gap}`)
}
