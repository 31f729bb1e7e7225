import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../src/data/haar.ts'
import { stationaryCovariance } from '../../src/data/kinds/linear-system.ts'
import { combine, frobenius, product, transpose } from '../../src/data/linear-algebra.ts'
import { normals } from '../../src/data/normal.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { fromRows } from '../../src/experiment/matrix.ts'

/** Facts about the samplers beyond second moments: the views are the processes that they are named for. */
const near = (value: number, expected: number, standardError: number) =>
  assert.ok(
    Math.abs(value - expected) < 5 * standardError,
    `${value}, expected ${expected} ± ${standardError} (5 standard errors are allowed)`,
  )
const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length

it('a feature mask hides whole entries, independently in x and y', async () => {
  const rows = 40_000
  const { sampler } = await openProblem({ kind: 'feature-mask', alpha: [1, 4], keep: [0.3, 0.8] })
  const { x, y } = sampler(1).draw(0, rows)
  const column = (v: Float64Array, j: number) => Float64Array.from({ length: rows }, (_, r) => v[2 * r + j]!)
  for (const [j, q] of [0.3, 0.8].entries()) {
    const [a, b] = [column(x, j), column(y, j)]
    const seen = (v: Float64Array) => v.map((value) => (value === 0 ? 0 : 1))
    near(mean(seen(a)), q, 0.5 / Math.sqrt(rows))
    near(mean(seen(a.map((value, r) => value * b[r]!))), q * q, 0.5 / Math.sqrt(rows))
    for (let r = 0; r < rows; r++) if (a[r] !== 0 && b[r] !== 0) assert.equal(a[r], b[r])
  }
})

it('complementary pixel masks never show one pixel twice and together show all', async () => {
  const C = [
    [1, 0.5],
    [0.5, 1],
  ]
  const { sampler } = await openProblem({ kind: 'pixel-mask', C, keep: 0.4, target: 'complement' })
  const { x, y } = sampler(1).draw(0, 1000)
  for (const [i, value] of x.entries())
    assert.ok((value === 0) !== (y[i] === 0), `pixel ${i}: ${value}, ${y[i]}`)
})

it('the shortcut for random projections has the fourth moments of projections drawn in full', async () => {
  const [d, rank, rows] = [4, 2, 20_000]
  const alpha = [1, 1.5, 0.5, 2]
  const { sampler } = await openProblem({ kind: 'random-projection', alpha, rank })
  const quick = sampler(1).draw(0, rows)
  const full = { x: new Float64Array(rows * d), y: new Float64Array(rows * d) }
  for (let r = 0; r < rows; r++) {
    const z = normals(d, { seed: r, stream: 90, step: 0 }).map((g, i) => g * Math.sqrt(alpha[i]!))
    full.x.set(project(haarOrthogonal(d, r, 91).data, z, rank), r * d)
    full.y.set(project(haarOrthogonal(d, r, 92).data, z, rank), r * d)
  }
  const statistics: ((x: Float64Array, y: Float64Array) => number)[] = [
    (x) => x[0]! ** 4,
    (x) => x[0]! ** 2 * x[3]! ** 2,
    (x, y) => x[1]! ** 2 * y[1]! ** 2,
    (x, y) => x[1]! ** 2 * y[2]! ** 2,
    (x) => x.reduce((sum, v) => sum + v * v, 0) ** 2,
  ]
  for (const [k, statistic] of statistics.entries()) {
    const values = [quick, full].map(({ x, y }) =>
      Float64Array.from({ length: rows }, (_, r) =>
        statistic(x.subarray(r * d, (r + 1) * d), y.subarray(r * d, (r + 1) * d)),
      ),
    )
    const [a, b] = values.map(mean) as [number, number]
    const spread = Math.sqrt(values.reduce((sum, v) => sum + mean(v.map((u) => (u - a) ** 2)), 0) / rows)
    assert.ok(Math.abs(a - b) < 5 * spread, `statistic ${k}: ${a} quick, ${b} in full, spread ${spread}`)
  }
})

/** Pz for P on the span of the first `rank` columns of an orthogonal matrix. */
function project(q: Float64Array, z: Float64Array, rank: number): Float64Array {
  const d = z.length
  const out = new Float64Array(d)
  for (let k = 0; k < rank; k++) {
    let along = 0
    for (let i = 0; i < d; i++) along += q[i * d + k]! * z[i]!
    for (let i = 0; i < d; i++) out[i]! += along * q[i * d + k]!
  }
  return out
}

for (const radius of [0.5, 0.99, 0.99999]) {
  it(`the stationary covariance at radius ${radius} solves P = APA' + Q`, () => {
    const A = fromRows([
      [radius, 3],
      [0, -radius / 2],
    ])
    const Q = fromRows([
      [1, 0.2],
      [0.2, 0.5],
    ])
    const P = stationaryCovariance(A, Q)
    const error = frobenius(combine(1, P, -1, combine(1, product(A, P, transpose(A)), 1, Q)))
    assert.ok(error < 1e-12 * frobenius(P), `off by ${error} of ${frobenius(P)}`) // rounding only
  })
}

it('one AR(1) run of 200,000 steps has the moments of the temporal kind at lag 3', async () => {
  const [a, g, nu, lag, steps] = [2, 0.6, 0.5, 3, 200_000]
  const { moments } = await openProblem({ kind: 'temporal', alpha: [a], gamma: [g], nu: [nu], lag })
  const draws = normals(2 * steps, { seed: 3, stream: 93, step: 0 })
  const seen = new Float64Array(steps)
  let z = Math.sqrt(a) * draws[0]!
  for (let t = 0; t < steps; t++) {
    seen[t] = z + Math.sqrt(nu) * draws[2 * t + 1]!
    z = g * z + Math.sqrt(a * (1 - g * g)) * draws[2 * t]!
  }
  const lagged = mean(seen.slice(lag).map((value, t) => value * seen[t]!))
  // About (1 + 2Σγ^2k) var/steps of correlated products: 4 × 6.25/steps, squared root.
  near(mean(seen.map((value) => value * value)), moments.Sxx.data[0]!, Math.sqrt((4 * 12.5) / steps))
  near(lagged, moments.Syx.data[0]!, Math.sqrt((4 * 6.25) / steps))
})
