import assert from 'node:assert/strict'
import { it } from 'node:test'
import { layerVelocity } from '../../src/theory/fixed-points.ts'
import { relativeFirstStep, stallsInFloat32 } from '../../src/theory/float32.ts'

const f = Math.fround

/** The layers' gain after `steps` updates of float32 arithmetic. */
function trained(
  objective: 'jepa' | 'mae',
  depth: number,
  scale: number,
  learningRate: number,
  steps: number,
) {
  const start = f(scale ** (1 / depth))
  let layer = start
  for (let k = 0; k < steps; k++)
    layer = f(layer + f(learningRate * f(layerVelocity(objective, layer, 0.5, 0.8, depth))))
  return { start, layer }
}

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [2, 3, 4]) {
    it(`${objective} at depth ${depth}: float32 never moves below 2^-25 a step and always above 2^-24`, () => {
      for (const scale of [1e-3, 2e-4, 1e-5]) {
        const rateFor = (share: number) =>
          share / relativeFirstStep(objective, { lambda: 0.5, scale, depth, learningRate: 1 })
        for (const factor of [0.1, 0.5, 0.99]) {
          const learningRate = rateFor(factor * 2 ** -25)
          assert.ok(stallsInFloat32(objective, { lambda: 0.5, scale, depth, learningRate }))
          const { start, layer } = trained(objective, depth, scale, learningRate, 500)
          assert.equal(layer, start, `ε ${scale}, ${factor} of 2^-25`)
        }
        // the factor 1 − u/ρ, at most 0.4 here, is not in the first step's size
        for (const factor of [1.8, 10]) {
          const learningRate = rateFor(factor * 2 ** -24)
          assert.ok(!stallsInFloat32(objective, { lambda: 0.5, scale, depth, learningRate }))
          const { start, layer } = trained(objective, depth, scale, learningRate, 500)
          assert.ok(layer > start, `ε ${scale}, ${factor} of 2^-24`)
        }
      }
    })
  }
}

it('the published stalls stall: jepa at depth 3 from 1e-4, at depth 2 from 1e-5, with η λ = 0.05', () => {
  for (const [depth, scale] of [
    [3, 1e-4],
    [2, 1e-5],
  ] as const) {
    assert.ok(stallsInFloat32('jepa', { lambda: 0.5, scale, depth, learningRate: 0.1 }))
  }
})
