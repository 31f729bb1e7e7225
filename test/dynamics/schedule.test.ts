import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ResolvedSpec } from '../../src/experiment/resolve.ts'
import { measurementPoints } from '../../workers/dynamics/measurement-points.ts'
import { learningRates } from '../../workers/dynamics/schedule.ts'
import { descent } from '../engines/plans.ts'

const rates = (schedule: ReturnType<typeof descent>['schedule'], steps: number) => {
  const rate = learningRates(descent(0.5, steps, { schedule }))
  return Array.from({ length: steps }, (_, k) => rate(k))
}

it('a constant schedule keeps the rate', () => {
  assert.deepEqual(rates('constant', 3), [0.5, 0.5, 0.5])
})

it('a cosine starts at the rate, is at its half in the middle and falls to final', () => {
  const plain = rates('cosine', 4)
  assert.equal(plain[0], 0.5)
  assert.ok(Math.abs(plain[2]! - 0.25) < 1e-8) // the cosine is kept in float32
  const toFinal = rates({ kind: 'cosine', final: 0.2 }, 1000)
  assert.ok(Math.abs(toFinal[999]! - 0.1) < 1e-5) // O(1/steps²) before its end
})

it('warm-up rises in equal parts to the rate and the cosine starts after it', () => {
  const warm = rates({ kind: 'cosine', warmup: 4 }, 12)
  assert.deepEqual(warm.slice(0, 5), [0.125, 0.25, 0.375, 0.5, 0.5])
  assert.ok(warm.slice(5).every((rate, k) => rate < warm[k + 4]!))
})

it('steps multiply the rate by the factor from each step named on', () => {
  assert.deepEqual(rates({ kind: 'steps', at: [1, 3], factor: 0.5 }, 5), [0.5, 0.25, 0.25, 0.125, 0.125])
})

const points = (training: Partial<ResolvedSpec['training']>, schedule: 'log' | 'linear', count: number) =>
  measurementPoints({
    measure: { schedule, points: count, fraction: 0.5, probes: [] },
    training: training as ResolvedSpec['training'],
  })

it('steps to measure are distinct, rise, fill the count and end at the end', () => {
  for (const schedule of ['log', 'linear'] as const) {
    for (const steps of [0, 1, 7, 19, 20, 21, 25, 1000, 1e8]) {
      for (const count of [2, 3, 21]) {
        const found = points(descent(0.1, steps), schedule, count)
        const what = `${schedule}, ${steps} steps, ${count} points`
        assert.equal(found.length, Math.min(steps, count - 1), what)
        assert.ok(
          found.every((p, i) => Number.isInteger(p) && p > (found[i - 1] ?? 0)),
          what,
        )
        assert.equal(found.at(-1) ?? 0, steps, what)
      }
    }
  }
})

it('times to measure in flow span four decades in equal ratios, or the whole in equal parts', () => {
  const log = points({ mode: 'flow', time: 50 }, 'log', 101)
  assert.equal(log.length, 100)
  assert.equal(log.at(-1), 50)
  assert.ok(Math.abs(log[0]! / 0.005 - 1) < 1e-12)
  for (let i = 1; i < log.length; i++) {
    assert.ok(Math.abs(log[i]! / log[i - 1]! / 1e4 ** (1 / 99) - 1) < 1e-12)
  }
  assert.deepEqual(points({ mode: 'flow', time: 8 }, 'linear', 5), [2, 4, 6, 8])
})
