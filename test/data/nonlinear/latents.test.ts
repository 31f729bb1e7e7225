import assert from 'node:assert/strict'
import { it } from 'node:test'
import { diagonal } from '../../../src/data/linear-algebra.ts'
import type { DataOfKind } from '../../../src/experiment/data-spec.ts'
import { assertSamplesMatch } from '../empirical.ts'
import { assertFollows } from '../kolmogorov.ts'
import { normalLaw } from '../laws-of-chance.ts'
import { families, openNonlinear } from './families.ts'

const ROWS = 40_000

for (const [name, data] of Object.entries<DataOfKind<'nonlinear'>>(families)) {
  it(`latents of ${name} are independent and have the λ and ρ that were asked for`, async () => {
    const { latents, sampler } = await openNonlinear(data)
    const sigma2 = diagonal(latents.lambda.map((l, i) => l / latents.rho[i]!))
    assertSamplesMatch(
      {
        features: latents.names.length,
        moments: { Sxx: sigma2, Syx: diagonal(latents.lambda), Syy: sigma2 },
        sampler: (seed) => ({
          draw(step, rows) {
            const { latents: x, targetLatents: y } = latents.sampler(seed).draw(step, rows)
            return { x, y }
          },
        }),
      },
      { rows: 20_000, steps: 4 },
    )
    assert.equal(sampler, latents.sampler)
  })

  it(`latents of ${name} follow their law in both views`, async () => {
    const { latents } = await openNonlinear(data)
    const m = latents.names.length
    const batch = latents.sampler(11).draw(3, ROWS)
    for (const [view, all] of [batch.latents, batch.targetLatents].entries()) {
      for (let i = 0; i < m; i++) {
        const spread = Math.sqrt(latents.lambda[i]! / latents.rho[i]!)
        const sample = Array.from({ length: ROWS }, (_, r) => all[r * m + i]! / spread)
        const law = data.family === 'factors' ? uniformLaw : normalLaw
        assertFollows(`${latents.names[i]} of view ${view}`, sample, law)
      }
    }
  })
}

function uniformLaw(x: number): number {
  return Math.min(1, Math.max(0, 0.5 + x / Math.sqrt(12)))
}

it('a tree lists one latent a node, level by level, with the λ and ρ of its level', async () => {
  const { latents, features } = await openNonlinear({ ...families.hierarchical, branching: 3 })
  assert.equal(features, 3 * 3 ** 2)
  assert.deepEqual(latents.lambda, [1, ...new Array(3).fill(0.5), ...new Array(9).fill(0.2)])
  assert.deepEqual(latents.rho, [0.9, ...new Array(3).fill(0.4), ...new Array(9).fill(0.7)])
  assert.deepEqual(latents.names.slice(0, 5), ['level0-0', 'level1-0', 'level1-1', 'level1-2', 'level2-0'])
})

/** E[f(z) f(z')]/E[f²] of a latent for f = z² − E[z²], and its standard error. */
async function squaresShared(data: DataOfKind<'nonlinear'>, i: number): Promise<[number, number]> {
  const { latents } = await openNonlinear(data)
  const [m, n] = [latents.names.length, 200_000]
  const batch = latents.sampler(5).draw(0, n)
  const variance = latents.lambda[i]! / latents.rho[i]!
  let [products, squares, own] = [0, 0, 0]
  for (let r = 0; r < n; r++) {
    const f = batch.latents[r * m + i]! ** 2 - variance
    const product = f * (batch.targetLatents[r * m + i]! ** 2 - variance)
    products += product / n
    squares += product ** 2 / n
    own += f ** 2 / n
  }
  return [products / own, Math.sqrt((squares - products ** 2) / n) / own]
}

it('the square of a Gaussian latent is shared with ρ², that of a redrawn factor with ρ', async () => {
  for (const [data, i, expected] of [
    [families.mixing, 0, 0.5 ** 2],
    [families.factors, 1, 0.6],
  ] as const) {
    const [found, error] = await squaresShared(data, i)
    assert.ok(
      Math.abs(found - expected) < 5 * error,
      `${data.family}: ${found}, expected ${expected}, ± ${error}`,
    )
  }
})

it('a factor is the very same in both views with probability ρ', async () => {
  const { latents } = await openNonlinear(families.factors)
  const m = latents.names.length
  const { latents: z, targetLatents } = latents.sampler(6).draw(0, ROWS)
  for (const [i, rho] of latents.rho.entries()) {
    let kept = 0
    for (let r = 0; r < ROWS; r++) kept += z[r * m + i] === targetLatents[r * m + i] ? 1 / ROWS : 0
    const error = Math.sqrt((rho * (1 - rho)) / ROWS)
    assert.ok(Math.abs(kept - rho) < 5 * error, `factor ${i} is kept in ${kept} of the pairs, ρ is ${rho}`)
  }
})

it('a latent of ρ = 1 is the same in both views', async () => {
  const { latents } = await openNonlinear(families.mixing)
  const batch = latents.sampler(6).draw(0, 100)
  for (let r = 0; r < 100; r++) assert.equal(batch.latents[4 * r + 2], batch.targetLatents[4 * r + 2])
})
