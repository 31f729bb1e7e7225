import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../src/data/haar.ts'
import {
  column,
  combine,
  diagonal,
  frobenius,
  multiply,
  product,
  symmetrize,
  transpose,
} from '../../src/data/linear-algebra.ts'
import { normals } from '../../src/data/normal.ts'
import { noncommutation, spectrumOf } from '../../src/data/spectrum.ts'
import { fromRows, type Matrix, zeros } from '../../src/experiment/matrix.ts'

const random = (n: number, stream: number): Matrix => ({
  rows: n,
  cols: n,
  data: normals(n * n, { seed: 1, stream, step: 0 }),
})
const definite = (n: number, stream: number) => {
  const a = random(n, stream)
  return multiply(a, transpose(a))
}
const close = (found: readonly number[], expected: readonly number[], tolerance = 1e-10) => {
  assert.equal(found.length, expected.length)
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - value) < tolerance, `entry ${i} is ${found[i]}, expected ${value}`)
  }
}

it('features of moments that do not commute solve Syx q = ρ Sxx q with |q| = 1, by falling ρ', () => {
  const [Sxx, Syx] = [definite(5, 400), symmetrize(random(5, 401))]
  const s = spectrumOf({ Sxx, Syx, Syy: Sxx })
  for (let i = 0; i < 5; i++) {
    const q: Matrix = { rows: 5, cols: 1, data: column(s.directions, i) }
    close([frobenius(q)], [1], 1e-14)
    const residual = combine(1, multiply(Syx, q), -s.rho[i]!, multiply(Sxx, q))
    assert.ok(frobenius(residual) < 1e-10, `feature ${i}: residual ${frobenius(residual)}`) // rounding × condition
    close([s.lambda[i]!], [s.rho[i]! * s.sigma2[i]!])
    const largest = q.data.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most))
    assert.ok(largest > 0, `the largest component of q_${i} is ${largest}`)
    if (i > 0) assert.ok(s.rho[i]! <= s.rho[i - 1]!)
  }
  close([...s.generalizedRho!], [...s.rho])
})

it('where the moments commute, features are common eigenvectors even at equal ρ', () => {
  const Q = haarOrthogonal(5, 2, 402)
  const [sigma2, rho] = [
    [3, 2, 1, 0.5, 4],
    [0.5, 0.5, 0.5, 0.9, 0.2],
  ]
  const build = (values: number[]) => product(Q, diagonal(values), transpose(Q))
  const Sxx = build(sigma2)
  const s = spectrumOf({ Sxx, Syx: build(sigma2.map((v, i) => v * rho[i]!)), Syy: Sxx })
  close([...s.rho], [0.9, 0.5, 0.5, 0.5, 0.2])
  close([...s.sigma2], [0.5, 3, 2, 1, 4])
  for (const [found, original] of [3, 0, 1, 2, 4].entries()) {
    const overlap = column(s.directions, found).reduce((sum, x, k) => sum + x * Q.data[5 * k + original]!, 0)
    close([Math.abs(overlap)], [1])
  }
  assert.ok(s.commutator < 1e-14 && s.asymmetry < 1e-14) // rounding only
})

it('directions without variance come last with λ = ρ = 0, behind negative ρ', () => {
  const Sxx = fromRows([
    [1, 1, 0],
    [1, 1, 0],
    [0, 0, 2],
  ])
  const Syx = fromRows([
    [0.5, 0.5, 0],
    [0.5, 0.5, 0],
    [0, 0, -1],
  ])
  const s = spectrumOf({ Sxx, Syx, Syy: Sxx })
  close([...s.rho], [0.5, -0.5, 0])
  close([...s.sigma2], [2, 2, 0])
  close([...s.lambda], [1, -1, 0])
  close([...s.generalizedRho!], [0.5, 0, -0.5])
})

it('a rotation-like Syx has no real generalised ρ and says so by leaving it out', () => {
  const Sxx = diagonal([1, 1])
  const Syx = fromRows([
    [0.3, -0.5],
    [0.5, 0.3],
  ])
  const s = spectrumOf({ Sxx, Syx, Syy: Sxx })
  assert.equal(s.generalizedRho, undefined)
  close([...s.rho], [0.3, 0.3])
  close([s.asymmetry], [Math.sqrt(2) / Math.sqrt(0.68)])
})

it('a Syx of zero commutes with everything', () => {
  assert.deepEqual(noncommutation(definite(3, 403), zeros(3, 3)), { commutator: 0, asymmetry: 0 })
})
