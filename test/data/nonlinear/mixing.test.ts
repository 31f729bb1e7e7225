import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../../src/data/haar.ts'
import { generatorOf } from '../../../src/data/nonlinear/families.ts'
import { normals } from '../../../src/data/normal.ts'
import { families, openNonlinear } from './families.ts'

it('the inverse of a mixing, layer by layer, gives back its latents', () => {
  for (const slope of [0.05, 0.2, 1]) {
    const generator = generatorOf({ ...families.mixing, slope, layers: 4 })
    const [rows, m, d] = [50, 4, 6]
    const z = normals(rows * m, { seed: 1, stream: 90, step: 0 })
    const x = generator.render(z, rows)
    for (let r = 0; r < rows; r++) {
      let h: number[] = [...x.subarray(r * d, (r + 1) * d)]
      for (let layer = 4; layer >= 1; layer--) {
        const { shape, data } = generator.parameters[`Q${layer}`]!
        const [from, to] = [shape[0]!, shape[1]!]
        const before = Array.from({ length: to }, (_, j) =>
          h.reduce((sum, value, i) => sum + value * data[i * to + j]!, 0),
        )
        assert.equal(h.length, from)
        h = layer > 1 ? before.map((value) => (value < 0 ? value / slope : value)) : before
      }
      for (let i = 0; i < m; i++) {
        const error = Math.abs(h[i]! - z[r * m + i]!)
        assert.ok(error < 1e-10, `latent ${i} of row ${r} is off by ${error}`) // rounding over slope³
      }
    }
  }
})

it('a mixing of slope 1 is a rotation: its features are the latents, to the error that it states', async () => {
  const [lambda, rho] = [
    [1.2, 0.8, 0.5],
    [0.9, 0.6, 0.3],
  ]
  const { spectrum, latents } = await openNonlinear({
    kind: 'nonlinear',
    family: 'mixing',
    lambda: lambda!,
    rho: rho!,
    slope: 1,
  })
  const { samples, error } = latents.estimate!
  assert.equal(samples, 131_072)
  assert.ok(error < 0.02, `error ${error}`)
  for (let i = 0; i < 3; i++) {
    assert.ok(Math.abs(spectrum.rho[i]! / rho![i]! - 1) < 4 * error, `ρ ${spectrum.rho[i]}, asked ${rho![i]}`)
    assert.ok(Math.abs(spectrum.lambda[i]! / lambda![i]! - 1) < 4 * error, `λ ${spectrum.lambda[i]}`)
  }
  assert.ok(spectrum.commutator < 4 * error, `commutator ${spectrum.commutator}`)
})

it('a mixing is not linear: no linear map of x comes close to its latents', async () => {
  const { latents } = await openNonlinear({ ...families.mixing, layers: 3, slope: 0.1 })
  const [rows, m, d] = [4000, 4, 6]
  const { x, latents: z } = latents.heldOut(0, rows)
  // Least squares of each latent on x by Gram–Schmidt over the columns of x.
  const columns = Array.from({ length: d }, (_, j) => Array.from({ length: rows }, (_, r) => x[r * d + j]!))
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, r) => sum + value * b[r]!, 0)
  const basis: number[][] = []
  for (const column of columns) {
    const rest = basis.reduce((left, b) => {
      const share = dot(left, b)
      return left.map((value, r) => value - share * b[r]!)
    }, column)
    const length = Math.sqrt(dot(rest, rest))
    basis.push(rest.map((value) => value / length))
  }
  const R2 = Array.from({ length: m }, (_, i) => {
    const latent = Array.from({ length: rows }, (_, r) => z[r * m + i]!)
    return basis.reduce((sum, b) => sum + dot(latent, b) ** 2, 0) / dot(latent, latent)
  })
  assert.ok(
    R2.every((share) => share < 0.97),
    `R² of the latents on x: ${R2}`,
  )
  assert.ok(
    R2.some((share) => share > 0.3),
    `R² of the latents on x: ${R2}`,
  )
})

it('the layers of a mixing are different Haar matrices', () => {
  const { parameters } = generatorOf({ ...families.mixing, lambda: [1, 1], rho: [0.5, 0.5], dimension: 2 })
  assert.deepEqual(parameters.Q2!.data, haarOrthogonal(2, 2, 17).data)
  assert.notDeepEqual(parameters.Q1!.data, parameters.Q2!.data)
})
