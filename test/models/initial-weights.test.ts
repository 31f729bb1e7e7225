import assert from 'node:assert/strict'
import { it } from 'node:test'
import { multiply, transpose } from '../../src/data/linear-algebra.ts'
import type { Matrix } from '../../src/experiment/matrix.ts'
import { asLinear, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec, InitSpec, Objective } from '../../src/experiment/spec.ts'
import { initialWeights } from '../../workers/models/initial-weights.ts'
import { root } from '../../workers/models/root.ts'

const FEATURES = 3

function start(objective: Objective, depth: number, width: number, init: InitSpec, seed = 0) {
  const data: ExperimentSpec['data'] = { kind: 'gaussian', lambda: [1, 1, 1], rho: [0.5, 0.6, 0.7] }
  const training = { mode: 'flow' as const, time: 1 }
  const model = { kind: 'deep-linear' as const, depth, width }
  const spec = asLinear(resolveSpec({ objective, data, model, init, training, seed }, FEATURES))
  return initialWeights(spec, FEATURES)
}

const far = (a: Matrix, b: (i: number, j: number) => number) =>
  Math.max(...a.data.map((v, at) => Math.abs(v - b(Math.floor(at / a.cols), at % a.cols))))
const gap = (a: Matrix, b: Matrix) => far(a, (i, j) => b.data[i * b.cols + j]!)

for (const objective of ['jepa', 'mae'] as const) {
  for (const [depth, width] of [
    [1, 3],
    [3, 3],
    [4, 3],
    [1, 5],
    [3, 5],
  ] as const) {
    it(`balanced ${objective} at depth ${depth}, width ${width} starts aligned and balanced`, () => {
      const scale = 0.008
      const s = scale ** (1 / depth)
      const { layers, decoder } = start(objective, depth, width, { kind: 'balanced', scale })
      const product = layers.reduce((below, layer) => multiply(layer, below))
      const isActive = (i: number, j: number) => (i === j && i < FEATURES ? 1 : 0)
      assert.ok(far(product, (i, j) => scale * isActive(i, j)) < 1e-15, 'W̄ is ε on the features') // rounding
      assert.ok(far(decoder, (i, j) => s * isActive(i, j)) < 1e-15, 'V is s on the features')
      const all = [...layers, decoder]
      for (let a = 0; a < depth; a++) {
        const [lower, upper] = [all[a]!, all[a + 1]!]
        const inner = multiply(transpose(upper), upper)
        assert.ok(gap(inner, multiply(lower, transpose(lower))) < 1e-15, `layers ${a + 1} and ${a + 2}`)
      }
    })
  }
}

it('a deep balanced start is not the identity, and follows its seed', () => {
  const at = (seed: number) => start('jepa', 3, 3, { kind: 'balanced', scale: 0.1 }, seed).layers[0]!
  assert.ok(gap(at(1), at(2)) > 0.01)
  assert.deepEqual(at(1), at(1))
})

it('orthogonal layers and decoder are s times orthogonal, and independent', () => {
  const { layers, decoder } = start('mae', 2, 5, { kind: 'orthogonal', scale: 0.09 })
  const s2 = 0.09
  const unit = (i: number, j: number) => (i === j ? s2 : 0)
  assert.ok(far(multiply(transpose(layers[0]!), layers[0]!), unit) < 1e-15) // orthonormal columns, [5][3]
  assert.ok(far(multiply(transpose(layers[1]!), layers[1]!), unit) < 1e-15)
  assert.ok(far(multiply(decoder, transpose(decoder)), unit) < 1e-15) // orthonormal rows, [3][5]
  assert.ok(gap(multiply(transpose(decoder), decoder), multiply(layers[1]!, transpose(layers[1]!))) > 1e-3)
})

it('gaussian entries have the variance ε^(2/L)/fan-in', () => {
  const { layers, decoder } = start('jepa', 2, 100, { kind: 'gaussian', scale: 0.04 })
  const variance = ({ data }: Matrix) => data.reduce((sum, v) => sum + v * v, 0) / data.length
  // 300 draws (W¹) and 10,000: a variance is known within √(2/n), here 4 of those.
  assert.ok(Math.abs(variance(layers[0]!) / (0.04 / 3) - 1) < 0.33)
  assert.ok(Math.abs(variance(layers[1]!) / (0.04 / 100) - 1) < 0.06)
  assert.ok(Math.abs(variance(decoder) / (0.04 / 100) - 1) < 0.06)
})

it('noise is relative to the root mean square entry of a layer', () => {
  const clean = start('jepa', 2, 60, { kind: 'balanced', scale: 0.25 })
  const noisy = start('jepa', 2, 60, { kind: 'balanced', scale: 0.25, noise: 0.1 })
  const all = (w: typeof clean) => [...w.layers, w.decoder]
  for (const [a, matrix] of all(noisy).entries()) {
    const added = matrix.data.map((v, i) => v - all(clean)[a]!.data[i]!)
    const deviation = Math.sqrt(added.reduce((sum, v) => sum + v * v, 0) / added.length)
    // 180 and 3,600 draws: within 4/√(2n).
    assert.ok(
      Math.abs(deviation / ((0.1 * 0.5) / Math.sqrt(matrix.cols)) - 1) < 0.22,
      `matrix ${a}: ${deviation}`,
    )
  }
})

it('explicit weights are taken as they are', () => {
  const layers = [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  ]
  const decoder = [
    [1, 0, 0],
    [0, 2, 0],
    [0, 0, 3],
  ]
  const weights = start('mae', 1, 3, { kind: 'explicit', layers, decoder })
  assert.deepEqual([...weights.layers[0]!.data], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual([...weights.decoder.data], [1, 0, 0, 0, 2, 0, 0, 0, 3])
})

it('a root is the largest double whose power does not pass x', () => {
  for (const [x, n] of [
    [0.001, 3],
    [2, 2],
    [1e-300, 8],
    [5, 1],
    [1, 7],
  ] as const) {
    const found = root(x, n)
    assert.ok(Math.abs(found - x ** (1 / n)) <= 4e-16 * found, `${found} against ${x ** (1 / n)}`)
  }
})
