import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { FieldFault } from '../../src/experiment/failure.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'

function stepsOf(learningRate: number, time: number): number {
  const spec = resolveSpec(
    {
      objective: 'mae',
      data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'balanced', scale: 0.1 },
      training: { mode: 'gradient-descent', learningRate, time },
    },
    1,
  )
  return (spec.training as { steps: number }).steps
}

it('a time that is a whole number of learning rates takes that many steps, whatever their quotient rounds to', () => {
  for (const rate of [0.7, 0.1, 0.3, 0.07, 0.01]) {
    for (let steps = 1; steps <= 500; steps++) {
      assert.equal(stepsOf(rate, Number((steps * rate).toFixed(6))), steps, `${steps} × ${rate}`)
    }
  }
})

it('a time between two steps takes the one that reaches it', () => {
  assert.equal(stepsOf(0.5, 1.2), 3)
  assert.equal(stepsOf(0.5, 1.5 + 1e-12), 4)
  assert.equal(stepsOf(1e-9, 1e-3), 1e6)
})

const gaussian = { kind: 'gaussian' as const, lambda: [1, 0.8, 0.6], rho: [0.5, 0.6, 0.7] }
const masked = { kind: 'feature-mask' as const, alpha: [1, 1, 1], keep: [0.5, 0.5, 0.5] }

function drawsOf(
  data: ExperimentSpec['data'],
  batchSize: number,
  draws?: 'auto' | 'samples' | 'moments',
): string | undefined {
  const spec = resolveSpec(
    {
      objective: 'mae',
      data,
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'balanced', scale: 0.1 },
      training: { mode: 'sgd', learningRate: 0.1, steps: 3, batchSize, ...(draws ? { draws } : {}) },
    },
    3,
  )
  return spec.training.mode === 'flow' ? undefined : spec.training.draws
}

it('minibatches are drawn by moments where the data are Gaussian and the batch has a row per feature', () => {
  for (const left of [undefined, 'auto'] as const) {
    assert.equal(drawsOf(gaussian, 3, left), 'moments')
    assert.equal(drawsOf(gaussian, 2, left), 'samples')
    assert.equal(drawsOf(masked, 64, left), 'samples')
  }
  assert.equal(drawsOf(gaussian, 64, 'samples'), 'samples')
  assert.equal(drawsOf(gaussian, 64, 'moments'), 'moments')
})

it('moments that cannot be drawn are refused with the numbers and the field', () => {
  const refusal = (message: RegExp) => (error: unknown) => {
    const { code, facts } = error as { code: string; facts: { faults: FieldFault[] } }
    assert.equal(code, 'SPEC_INVALID')
    assert.deepEqual(
      facts.faults.map(({ pointer }) => pointer),
      ['/training/draws'],
    )
    assert.match(facts.faults[0]!.message, message)
    return true
  }
  assert.throws(
    () => drawsOf(masked, 64, 'moments'),
    refusal(/kind feature-mask are not; use samples or auto/),
  )
  assert.throws(
    () => drawsOf(gaussian, 2, 'moments'),
    refusal(/at least the 3 features, and batchSize is 2;/),
  )
})
