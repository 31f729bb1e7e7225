import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eigenvalues } from '../../src/data/linear-algebra.ts'
import { type Matrix, zeros } from '../../src/experiment/matrix.ts'
import { descentStep } from '../../src/theory/discrete-descent.ts'
import { layerFixedPoint } from '../../src/theory/fixed-points.ts'
import { curvatures, maxMonotoneLearningRate, maxStableLearningRate } from '../../src/theory/stability.ts'
import { relativeError } from './numerics.ts'

type Rows = number[][]
const objectives = ['jepa', 'mae'] as const
const multiply = (a: Rows, b: Rows): Rows =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)))
const transpose = (a: Rows): Rows => a[0]!.map((_, j) => a.map((row) => row[j]!))
const diagonal = (values: number[]): Rows => values.map((v, i) => values.map((_, j) => (i === j ? v : 0)))
const product = (list: Rows[], n: number): Rows => list.reduce(multiply, diagonal(new Array(n).fill(1)))

/** −gradient of all weights, V last, flattened: written from the losses of docs/theory.md §1 for this test alone. */
function velocity(
  objective: 'jepa' | 'mae',
  theta: number[],
  depth: number,
  sigma2: number[],
  lambda: number[],
) {
  const n = sigma2.length
  const block = (k: number): Rows =>
    diagonal(sigma2).map((row, i) => row.map((_, j) => theta[(k * n + i) * n + j]!))
  const layers = Array.from({ length: depth }, (_, a) => block(a))
  const decoder = block(depth)
  const encoder = product([...layers].reverse(), n)
  const guess = multiply(multiply(decoder, encoder), diagonal(sigma2))
  const target = objective === 'jepa' ? multiply(encoder, diagonal(lambda)) : diagonal(lambda)
  const residual = guess.map((row, i) => row.map((x, j) => x - target[i]![j]!))
  const slopes = layers.map((_, a) => {
    const above = product([decoder, ...layers.slice(a + 1).reverse()], n)
    const below = product(layers.slice(0, a).reverse(), n)
    return multiply(multiply(transpose(above), residual), transpose(below))
  })
  return [...slopes, multiply(residual, transpose(encoder))].flat(2).map((g) => -g)
}

/** Eigenvalues of the Jacobian of `velocity` at the balanced fixed point, by central differences. */
function jacobianSpectrum(objective: 'jepa' | 'mae', depth: number, sigma2: number[], lambda: number[]) {
  const u = lambda.map((l, i) => layerFixedPoint(objective, l / sigma2[i]!, depth))
  const theta = Array.from({ length: depth + 1 }, () => diagonal(u)).flat(2)
  const jacobian: Matrix = zeros(theta.length, theta.length)
  const h = 1e-5
  for (let j = 0; j < theta.length; j++) {
    const at = (shift: number) =>
      velocity(
        objective,
        theta.map((x, k) => (k === j ? x + shift : x)),
        depth,
        sigma2,
        lambda,
      )
    const [up, down] = [at(h), at(-h)]
    for (let i = 0; i < theta.length; i++) jacobian.data[i * theta.length + j] = (up[i]! - down[i]!) / (2 * h)
  }
  return eigenvalues(jacobian)
}

for (const objective of objectives) {
  for (const depth of [1, 2, 3]) {
    it(`${objective} at depth ${depth}: the Jacobian's spectrum is −k_ij and zeros`, () => {
      const [sigma2, lambda] = [
        [1, 0.7, 1.6],
        [0.9, 0.3, 0.5],
      ]
      const wanted = curvatures(objective, sigma2, lambda, depth)
        .flat()
        .sort((a, b) => b - a)
      const found = jacobianSpectrum(objective, depth, sigma2, lambda)
      const rates = found.map((e) => -e.real).sort((a, b) => b - a)
      for (const [k, rate] of rates.entries()) {
        const value = wanted[k] ?? 0
        // differences: h² = 1e-10; a zero eigenvalue of several directions moves by the root of rounding
        assert.ok(Math.abs(rate - value) < 1e-5, `rate ${k} is ${rate}, curvature ${value}`)
      }
    })
  }
}

it('jepa beside features that are never learned: the Jacobian still has the curvatures', () => {
  for (const depth of [1, 2]) {
    const [sigma2, lambda] = [
      [1, 0.8],
      [0.9, -0.6],
    ]
    const wanted = Math.max(...curvatures('jepa', sigma2, lambda, depth).flat())
    const fastest = Math.max(...jacobianSpectrum('jepa', depth, sigma2, lambda).map((e) => -e.real))
    assert.ok(relativeError(fastest, wanted) < 1e-6, `depth ${depth}: ${fastest}, curvature ${wanted}`) // differences
  }
})

for (const objective of objectives) {
  it(`${objective}: diagonal curvatures have their closed form`, () => {
    for (const depth of [1, 2, 5]) {
      const [l, r] = [0.6, 0.75]
      const wanted =
        objective === 'jepa' ? l * r ** (2 * depth - 1) : (depth + 1) * l * r ** ((depth - 1) / (depth + 1))
      const got = curvatures(objective, [l / r], [l], depth)[0]![0]!
      assert.ok(relativeError(got, wanted) < 1e-14, `${got}, ${wanted}`) // rounding
    }
  })

  it(`${objective}: a mode passes its fixed point just above the monotone rate and not at it`, () => {
    for (const depth of [1, 2, 4]) {
      const mode = { depth, lambda: 0.8, rho: 0.7, scale: 0.1 }
      const rate = maxMonotoneLearningRate(objective, [mode.lambda / mode.rho], [mode.lambda], depth)
      const target = layerFixedPoint(objective, mode.rho, depth)
      const farthest = (learningRate: number, from: number) => {
        let [layer, most] = [from, 0]
        for (let k = 0; k < 5000; k++) {
          layer = descentStep(objective, layer, mode, learningRate)
          most = Math.max(most, layer)
        }
        return most
      }
      for (const factor of [0.5, 1]) {
        for (const start of [0.3, 0.9, 0.999]) {
          const most = farthest(factor * rate, start * target)
          assert.ok(most <= target * (1 + 1e-15), `${factor}: ${most} past ${target}`) // rounding
        }
      }
      assert.ok(farthest(1.1 * rate, 0.999 * target) > target * (1 + 1e-6))
    }
  })

  it(`${objective}: the bound may come from a pair of different features, and is Infinity without any`, () => {
    const rows = curvatures(objective, [1, 3], [0.9, 0.3], 3)
    assert.ok(maxStableLearningRate(objective, [1, 3], [0.9, 0.3], 3) === 2 / Math.max(...rows.flat()))
    assert.ok(rows[0]![1]! > rows[0]![0]! && rows[0]![1]! > rows[1]![1]!)
    assert.equal(maxStableLearningRate(objective, [1, 0], [-1, 0], 3), Infinity)
    assert.equal(maxMonotoneLearningRate(objective, [1, 0], [-1, 0], 3), Infinity)
    assert.throws(() => curvatures(objective, [0], [1], 2), RangeError)
  })
}
