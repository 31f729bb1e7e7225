import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { FinishedRun } from '../../src/report/finished-run.ts'
import { buildReport } from '../../src/report/report.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'
import { exactRun, type Setting } from './exact-run.ts'

const inverted = { lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9], scale: 1e-4 }
const shallow: Setting = { ...inverted, objective: 'mae', depth: 2, time: 300 }

/** Long enough for every feature to come to 0.99 of its fixed point. */
function whole(setting: Omit<Setting, 'time'>): Setting {
  const times = setting.lambda.map((lambda, i) =>
    lambda > 0
      ? criticalTime(setting.objective, { ...setting, lambda, rho: setting.rho[i]!, fraction: 0.99 })
      : 0,
  )
  return { ...setting, time: 1.5 * Math.max(...times) }
}

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [1, 2, 3, 4]) {
    for (const fraction of [0.1, 0.5, 0.9]) {
      it(`the measured time of an exact ${objective} run of depth ${depth} is t*(${fraction})`, () => {
        const { features } = buildReport(exactRun(whole({ ...inverted, objective, depth, fraction }))).result
        for (const { criticalTime } of features) {
          const error = Math.abs(criticalTime.measured! / criticalTime.predicted! - 1)
          // The cubic through four rungs of a ladder of 40 a decade; 0.9 lies beyond most of them.
          assert.ok(
            error < (fraction > 0.5 ? 2e-5 : 1e-6),
            `${criticalTime.measured} against ${criticalTime.predicted}: ${error}`,
          )
        }
      })
    }
  }

  it(`an exact deep ${objective} run agrees with theory in order, greedy index and residual`, () => {
    const { result } = buildReport(exactRun(whole({ ...inverted, objective, depth: 4 })))
    assert.deepEqual(result.order.measured, objective === 'jepa' ? [3, 2, 1, 0] : [0, 1, 2, 3])
    assert.deepEqual(result.order.predicted, result.order.measured)
    assert.equal(result.rankCorrelation, 1)
    assert.equal(result.theoryResidual, 0)
    const { measured, predicted } = result.greedyIndex
    assert.ok(Math.abs(measured! - predicted!) < 1e-4, `${measured} against ${predicted}`) // interpolation
    assert.deepEqual(result.applies, { commuting: true, balanced: true, stable: true })
  })
}

it('a feature that starts at or above its level has the time 0', () => {
  // w̄* = 0.4^(2/3) = 0.54, so ε = 0.3 is above half of it; 0.9^(2/3) = 0.93 is not yet half there.
  const { features } = buildReport(exactRun({ ...shallow, scale: 0.3 })).result
  assert.equal(features[0]!.criticalTime.measured, 0)
  assert.equal(features[0]!.criticalTime.predicted, 0)
  assert.ok(features[3]!.criticalTime.measured! > 0)
})

it('features that are never learned have null times, come last by index and count nowhere else', () => {
  const mixed = { ...shallow, lambda: [-1, 1, 0, 1.1], rho: [-0.5, 0.5, 0, 0.9] }
  const run = exactRun({ ...mixed, scale: 1e-3 })
  const { features, order, rankCorrelation, greedyIndex } = buildReport(run).result
  assert.deepEqual(order, { measured: [3, 1, 0, 2], predicted: [3, 1, 0, 2] })
  for (const i of [0, 2]) {
    assert.deepEqual(features[i]!.criticalTime, { measured: null, predicted: null, leadingOrder: null })
    assert.equal(features[i]!.amplitude.fixedPoint, 0)
  }
  assert.equal(rankCorrelation, 1)
  assert.ok(greedyIndex.measured! > 0 && greedyIndex.predicted! > 0)
})

it('a run too short for its slowest feature has null where nothing was seen', () => {
  const { features, order, greedyIndex } = buildReport(exactRun({ ...shallow, time: 90 })).result
  const measured = features.map(({ criticalTime }) => criticalTime.measured)
  assert.deepEqual(
    measured.map((time) => time === null),
    [false, true, true, true],
  )
  assert.deepEqual(order.measured, [0, 1, 2, 3])
  assert.equal(greedyIndex.measured, 1) // one feature learned
  assert.ok(features.every(({ criticalTime }) => criticalTime.predicted !== null))
})

it('a diverged run keeps its numbers up to there and null beyond', () => {
  const run = exactRun(shallow)
  const { measurements } = run
  const wild = measurements.amplitudes.map((row) => [...row.slice(0, -1), Number.NaN])
  const loss = [...measurements.loss.slice(0, -1), Number.NaN]
  const { result, trajectory } = buildReport({
    ...run,
    measurements: { ...measurements, amplitudes: wild, loss },
  })
  assert.equal(result.loss.final, null)
  assert.equal(result.features[0]!.amplitude.final, null)
  assert.ok(result.features[0]!.criticalTime.measured! > 0)
  assert.equal(trajectory.features[0]!.measured.at(-1), null)
  assert.ok(Number.isFinite(result.theoryResidual))
  assert.deepEqual(JSON.parse(JSON.stringify({ result, trajectory })), { result, trajectory })
})

it('momentum shortens predicted times by 1 − μ and raises the stability bound by 1 + μ', () => {
  const run = exactRun(shallow)
  const descend = (momentum: number, learningRate = 0.1): FinishedRun => {
    const training = { mode: 'gradient-descent', learningRate, steps: 3000, momentum } as const
    const settings = { schedule: 'constant', precision: 'float64' } as const
    return { ...run, spec: { ...run.spec, training: { ...training, ...settings } } }
  }
  const plain = buildReport(descend(0))
  const heavy = buildReport(descend(0.9))
  const [time, fast] = [plain, heavy].map(({ result }) => result.features[2]!.criticalTime.predicted!)
  assert.ok(Math.abs(fast! - 0.1 * time!) < 1e-12 * time!, `${fast} against a tenth of ${time}`) // rounding
  const [later, at] = [run.measurements.time[190]!, 190]
  const mode = { depth: 2, lambda: 1.04, rho: 0.65, scale: 1e-4 }
  assert.equal(heavy.trajectory.features[2]!.predicted[at], amplitudesAt('mae', mode, [later / (1 - 0.9)])[0])
  const { sigma2, lambda } = run.spectrum
  const bound = maxStableLearningRate('mae', sigma2, lambda, 2)
  assert.equal(buildReport(descend(0, 1.2 * bound)).result.applies.stable, false)
  assert.equal(buildReport(descend(0.9, 1.2 * bound)).result.applies.stable, true)
})

it('a start that is not balanced is predicted from the amplitude that was measured', () => {
  const run = exactRun(shallow)
  const spec = { ...run.spec, init: { kind: 'gaussian', scale: 0.5 } } as const
  const { result } = buildReport({ ...run, spec })
  assert.deepEqual(
    result.features.map(({ criticalTime }) => criticalTime.predicted),
    buildReport(run).result.features.map(({ criticalTime }) => criticalTime.predicted),
  )
  assert.equal(result.applies.balanced, false)
  const noisy = { ...run.spec, init: { kind: 'balanced', scale: 1e-4, noise: 0.1 } } as const
  assert.equal(buildReport({ ...run, spec: noisy }).result.applies.balanced, false)
})

it('data that do not commute are named as such', () => {
  const run = exactRun(shallow)
  const spectrum = { ...run.spectrum, commutator: 0.01 }
  const { applies, commutator } = buildReport({ ...run, spectrum }).result
  assert.deepEqual([applies.commuting, commutator], [false, 0.01])
})
