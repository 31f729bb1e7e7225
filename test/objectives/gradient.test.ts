import assert from 'node:assert/strict'
import { it } from 'node:test'
import { normals } from '../../src/data/normal.ts'
import type { Matrix } from '../../src/experiment/matrix.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import { layoutOf } from '../../workers/models/parameters.ts'
import { BatchMoments } from '../../workers/objectives/batch-moments.ts'
import { Gradient } from '../../workers/objectives/gradient.ts'
import { multiply } from '../../workers/objectives/multiply.ts'

const FEATURES = 3
const draw = (count: number, stream: number) => normals(count, { seed: 1, stream: 300 + stream, step: 0 })

/** Moments of twelve rows with x and y related, neither diagonal nor commuting. */
function rowsAndMoments(): { x: Float64Array; y: Float64Array; moments: Moments } {
  const rows = 12
  const x = draw(rows * FEATURES, 0)
  const own = draw(rows * FEATURES, 1)
  const y = x.map((v, i) => 0.6 * v + 0.3 * x[(i + 1) % x.length]! + 0.5 * own[i]!)
  const product = (a: Float64Array, b: Float64Array): Matrix => {
    const data = new Float64Array(FEATURES * FEATURES)
    multiply(data, 0, FEATURES, FEATURES, rows, a, 0, 1, FEATURES, b, 0, FEATURES, 1)
    return { rows: FEATURES, cols: FEATURES, data: data.map((v) => v / rows) }
  }
  return { x, y, moments: { Sxx: product(x, x), Syx: product(y, x), Syy: product(y, y) } }
}

/**
 * ½ mean |V W̄ x − target|² from the rows themselves. The target is W̄ y of `anchor` (JEPA), whose weights do not move
 * with θ: that is what the stop-gradient means.
 */
function lossOfRows(
  gradient: Gradient,
  theta: Float64Array,
  anchor: Float64Array,
  x: Float64Array,
  y: Float64Array,
) {
  const { objective, width: w, features: d, outputs: o, decoder } = gradient.layout
  const rows = x.length / d
  const times = (a: Float64Array, aRows: number, inner: number, rowsOf: Float64Array, start = 0) => {
    const out = new Float64Array(rows * aRows) // rowsOf · A'
    multiply(out, 0, rows, aRows, inner, rowsOf, 0, inner, 1, a, start, 1, inner)
    return out
  }
  const target = objective === 'jepa' ? times(gradient.product(anchor).slice(0, w * d), w, d, y) : y
  const prediction = times(theta, o, w, times(gradient.product(theta).slice(0, w * d), w, d, x), decoder)
  return prediction.reduce((sum, p, i) => sum + (p - target[i]!) ** 2, 0) / (2 * rows)
}

for (const objective of ['jepa', 'mae'] as Objective[]) {
  for (const [depth, width] of [
    [1, 3],
    [2, 3],
    [4, 5],
    [8, 4],
  ] as const) {
    const layout = layoutOf({ objective, depth, width, features: FEATURES })
    const gradient = new Gradient(layout)
    const theta = draw(layout.size, 2).map((v) => 0.5 * v)
    const { x, y, moments } = rowsAndMoments()

    it(`${objective} at depth ${depth}, width ${width}: the gradient is the slope of the loss with its target held`, () => {
      const slope = new Float64Array(layout.size)
      gradient.evaluate(theta, moments, slope)
      const size = Math.max(...slope.map(Math.abs))
      for (let i = 0; i < theta.length; i++) {
        const h = 1e-5
        const [above, below] = [Float64Array.from(theta), Float64Array.from(theta)]
        above[i]! += h
        below[i]! -= h
        const rise = lossOfRows(gradient, above, theta, x, y) - lossOfRows(gradient, below, theta, x, y)
        const gap = Math.abs(rise / (2 * h) - slope[i]!)
        assert.ok(gap < 1e-7 * size, `weight ${i}: ${rise / (2 * h)} against ${slope[i]}`) // O(h²) and rounding/h
      }
    })

    it(`${objective} at depth ${depth}, width ${width}: the loss from moments is the mean over the rows`, () => {
      const [found, wanted] = [gradient.loss(theta, moments), lossOfRows(gradient, theta, theta, x, y)]
      assert.ok(Math.abs(found - wanted) < 1e-12 * wanted, `${found} against ${wanted}`) // rounding
    })

    it(`${objective} at depth ${depth}, width ${width}: the gradient keeps every layer balanced with the next`, () => {
      const slope = new Float64Array(layout.size)
      gradient.evaluate(theta, moments, slope)
      // d/dt (Wᵃ⁺¹'Wᵃ⁺¹ − WᵃWᵃ') = 0 along the flow, V as the last Wᵃ⁺¹ (docs/theory.md §1).
      const starts = [...layout.layers, layout.decoder]
      for (let a = 0; a < depth; a++) {
        const upper = symmetricPart(
          slope,
          theta,
          starts[a + 1]!,
          a + 1 < depth ? width : layout.outputs,
          width,
          true,
        )
        const lower = symmetricPart(slope, theta, starts[a]!, width, a === 0 ? FEATURES : width, false)
        const gap = Math.max(...upper.map((u, i) => Math.abs(u - lower[i]!)))
        const size = Math.max(...upper.map(Math.abs))
        assert.ok(gap < 1e-13 * Math.max(1, size), `layer ${a + 1} gains ${gap} on the next`) // rounding
      }
    })
  }
}

/** dW'W + W'dW (inner) or dW W' + W dW', of the matrix [rows][cols] at `start`. */
function symmetricPart(
  slope: Float64Array,
  theta: Float64Array,
  start: number,
  rows: number,
  cols: number,
  inner: boolean,
): Float64Array {
  const n = inner ? cols : rows
  const half = new Float64Array(n * n)
  if (inner) multiply(half, 0, n, n, rows, slope, start, 1, cols, theta, start, cols, 1)
  else multiply(half, 0, n, n, cols, slope, start, cols, 1, theta, start, 1, cols)
  return half.map((v, at) => v + half[(at % n) * n + Math.floor(at / n)]!)
}

it('moments of a batch are means over its rows alone', () => {
  const { x, y, moments } = rowsAndMoments()
  const batch = new BatchMoments(FEATURES)
  batch.fill(
    x.map((v) => 7 * v),
    y,
    12,
  )
  batch.fill(x, y, 12) // overwrites, does not add
  assert.deepEqual(batch.Sxx, moments.Sxx)
  assert.deepEqual(batch.Syx, moments.Syx)
})

it('a product has the bits of the plain triple loop at every size and transposition', () => {
  for (const [m, n, k] of [
    [1, 1, 1],
    [2, 4, 3],
    [3, 5, 7],
    [4, 4, 4],
    [5, 9, 2],
    [6, 3, 8],
  ] as const) {
    for (const [left, right] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const [a, b] = [draw(m * k, 5), draw(k * n, 6)]
      const [aRow, aCol] = left ? [1, m] : [k, 1]
      const [bRow, bCol] = right ? [1, k] : [n, 1]
      const out = new Float64Array(m * n)
      multiply(out, 0, m, n, k, a, 0, aRow, aCol, b, 0, bRow, bCol)
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0
          for (let l = 0; l < k; l++) sum += a[i * aRow + l * aCol]! * b[l * bRow + j * bCol]!
          assert.equal(out[i * n + j], sum)
        }
      }
    }
  }
})
