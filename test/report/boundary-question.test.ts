import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { SweepRun } from '../../src/experiment/sweep-view.ts'
import { answerOf } from '../../src/report/sweeps/question.ts'
import { measuredRun } from './sweep-runs.ts'

type Times = (number | null)[]

const learnedAt = (measured: Times, seen: Partial<SweepRun> = {}) =>
  measuredRun({}, { criticalTimes: { measured, predicted: [] }, ...seen })
const ended = (final: Times, fixedPoint: Times) => measuredRun({}, { amplitudes: { final, fixedPoint } })
const greedy = (times: Times, measured: number | null) =>
  learnedAt(times, { greedyIndex: { measured, predicted: null } })

it('the first feature is the one of the smallest critical time, and of equal ones the first by index', () => {
  const answers = (times: Times) =>
    [0, 1, 2].map((feature) => answerOf(`first-feature-is:${feature}`, [learnedAt(times)]))
  assert.deepEqual(answers([3, 1, 2]), [false, true, false])
  assert.deepEqual(answers([null, 2, null]), [false, true, false])
  assert.deepEqual(answers([5, 5, 7]), [true, false, false])
  assert.deepEqual(answers([0, 0, 7]), [true, false, false])
  assert.deepEqual(answers([null, null, null]), [null, null, null])
  assert.deepEqual(answers([1, 2]), [true, false, null]) // there is no feature 2
})

it('learning is greedy from a greedy index of one half on, of two features or more', () => {
  assert.equal(answerOf('greedy', [greedy([1, 2], 0.5)]), true)
  assert.equal(answerOf('greedy', [greedy([1, 2], 0.49)]), false)
  assert.equal(answerOf('greedy', [greedy([1, null], 1)]), null)
  assert.equal(answerOf('greedy', [greedy([1, 2], null)]), null)
})

it('a feature has collapsed where it ends under half of its fixed point', () => {
  const answers = [0, 1, 2, 3].map((feature) =>
    answerOf(`collapses:${feature}`, [ended([0.4, 0.6, 0.1], [0.9, 0.9, 0])]),
  )
  assert.deepEqual(answers, [true, false, null, null])
})

it('orders differ where two features come in opposite orders, and never for want of a feature', () => {
  const differ = (jepa: Times, mae: Times) => answerOf('orders-differ', [learnedAt(jepa), learnedAt(mae)])
  assert.equal(differ([1, 2, 3], [1, 2, 3]), false)
  assert.equal(differ([1, 2, 3], [1, 3, 2]), true)
  assert.equal(differ([1, null, 3], [1, 2, 3]), true) // JEPA learns 2 before 1, MAE 1 before 2
  assert.equal(differ([1, null, null], [1, 2, 3]), null)
  assert.equal(differ([1, null, null], [1, null, null]), false)
  assert.equal(differ([2, null, null], [3, 2, 1]), true) // 0 comes first, and last
  assert.equal(differ([2, 2], [3, 1]), false)
})

it('a run that failed, was cancelled or diverged answers nothing', () => {
  for (const state of ['failed', 'cancelled', 'diverged', 'running'] as const) {
    assert.equal(answerOf('first-feature-is:0', [learnedAt([1, 2], { state })]), null)
  }
  assert.equal(answerOf('first-feature-is:0', [learnedAt([1, 2], { state: 'stopped' })]), true)
  const pair = [learnedAt([1, 2]), learnedAt([2, 1], { state: 'failed' })]
  assert.equal(answerOf('orders-differ', pair), null)
})
