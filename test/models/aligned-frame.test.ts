import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openProblem } from '../../src/data/open-problem.ts'
import { fromRows, type Matrix, type Weights } from '../../src/experiment/matrix.ts'
import { asLinear, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { alignedStart } from '../../workers/models/aligned-frame.ts'
import { initialWeights } from '../../workers/models/initial-weights.ts'
import { layoutOf, pack, unpack } from '../../workers/models/parameters.ts'
import { Gradient } from '../../workers/objectives/gradient.ts'
import { rotated, shortSpec } from '../engines/runs.ts'

async function open(change: Partial<ExperimentSpec>) {
  const problem = await openProblem(rotated)
  const spec = asLinear(resolveSpec(shortSpec(change), problem.features))
  return { spec, problem, aligned: alignedStart(spec, problem) }
}

const gap = (a: Matrix, b: Matrix) => Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i]!)))

for (const objective of ['jepa', 'mae'] as const) {
  for (const [depth, width] of [
    [1, 3],
    [3, 3],
    [1, 5],
    [3, 5],
  ] as const) {
    it(`${objective} at depth ${depth}, width ${width}: the aligned start is the balanced one in other coordinates`, async () => {
      const model = { kind: 'deep-linear' as const, depth, width }
      const { spec, problem, aligned } = await open({ objective, model })
      const wanted = initialWeights(spec, problem.features)
      const found = aligned!.restore(aligned!.initial)
      for (const [a, layer] of found.layers.entries())
        assert.ok(gap(layer, wanted.layers[a]!) < 1e-15, `W${a + 1}`)
      assert.ok(gap(found.decoder, wanted.decoder) < 1e-15, 'V') // rounding of products of orthogonal matrices
    })

    it(`${objective} at depth ${depth}, width ${width}: a step taken there is the step taken here`, async () => {
      const model = { kind: 'deep-linear' as const, depth, width }
      const { spec, problem, aligned } = await open({ objective, model })
      const layout = layoutOf({ objective, depth, width, features: problem.features })
      const slope = (weights: Weights, moments: typeof problem.moments) => {
        const gradient = new Gradient(layout)
        const theta = pack(layout, weights)
        const out = new Float64Array(layout.size)
        gradient.evaluate(theta, moments, out)
        return { slopes: unpack(layout, out), loss: gradient.loss(theta, moments) }
      }
      const here = slope(initialWeights(spec, problem.features), problem.moments)
      const there = slope(aligned!.initial, aligned!.moments)
      const turned = aligned!.restore(there.slopes)
      const matrices = ({ layers, decoder }: Weights) => [...layers, decoder]
      for (const [a, wanted] of matrices(here.slopes).entries()) {
        const largest = Math.max(...wanted.data.map(Math.abs))
        const off = gap(matrices(turned)[a]!, wanted)
        assert.ok(off < 1e-13 * largest, `matrix ${a}: off by ${off} beside ${largest}`) // rounding of the rotations
      }
      assert.ok(Math.abs(here.loss / there.loss - 1) < 1e-13)
    })
  }
}

it('noise, minibatches, other starts and moments that do not commute are run as they are', async () => {
  assert.equal((await open({ init: { kind: 'balanced', scale: 0.1, noise: 0.1 } })).aligned, null)
  assert.equal((await open({ init: { kind: 'gaussian', scale: 0.1 } })).aligned, null)
  const training = { mode: 'sgd' as const, learningRate: 0.1, steps: 3, batchSize: 8 }
  assert.equal((await open({ training })).aligned, null)
  const { spec, problem } = await open({})
  const Syx = fromRows([
    [0.5, 0.1, 0],
    [0, 0.6, 0],
    [0, 0, 0.7],
  ])
  assert.equal(alignedStart(spec, { ...problem, moments: { ...problem.moments, Syx } }), null)
})

it('a learned feature of jepa leans towards an unlearned one of higher rho at the rate stated', () => {
  const [rho, sigma2] = [
    [0.5, 0.9],
    [1.2, 0.8],
  ]
  for (const depth of [1, 2, 4]) {
    const layout = layoutOf({ objective: 'jepa', depth, features: 2, width: 2 })
    const learned = fromRows([
      [rho[0]!, 0],
      [0, 0],
    ])
    const theta = pack(layout, { layers: Array(depth).fill(learned), decoder: learned })
    theta[1] = 1e-6 // W¹ from feature 1 to the slot of feature 0
    const diagonal = (values: number[]) =>
      fromRows([
        [values[0]!, 0],
        [0, values[1]!],
      ])
    const moments = { Sxx: diagonal(sigma2), Syx: diagonal(sigma2.map((s, i) => s * rho[i]!)) }
    const slope = new Float64Array(layout.size)
    new Gradient(layout).evaluate(theta, moments, slope)
    const rate = rho[0]! ** (2 * depth - 1) * sigma2[1]! * (rho[1]! - rho[0]!)
    assert.ok(
      Math.abs(-slope[1]! / 1e-6 / rate - 1) < 1e-12,
      `depth ${depth}: ${-slope[1]! / 1e-6}, wanted ${rate}`,
    )
  }
})
