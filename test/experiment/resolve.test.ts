import assert from 'node:assert/strict'
import { it } from 'node:test'
import { resolveSpec } from '../../src/experiment/resolve.ts'

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
