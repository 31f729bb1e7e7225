import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import {
  product,
  scaleColumns,
  singularValues,
  symmetricEigen,
  transpose,
} from '../../src/data/linear-algebra.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataSpec } from '../../src/experiment/data-spec.ts'
import { toRows } from '../../src/experiment/matrix.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

interface Case {
  id: string
  category: string
  description: string
  // biome-ignore lint/suspicious/noExplicitAny: each category has its own fields
  input: any
  // biome-ignore lint/suspicious/noExplicitAny: each category has its own fields
  expected: any
  tol: { rel: number; abs: number }
}

const { cases } = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test', 'golden', 'theory-cases.json'), 'utf8'),
) as { cases: Case[] }

function specOf({ model, alpha, nu, keep, target, C, gamma, delta, A, Q, R }: Case['input']): DataSpec {
  if (model === 'static_noise') return { kind: 'static-noise', alpha, nu }
  if (model === 'static_feature_mask') return { kind: 'feature-mask', alpha, keep, target }
  if (model === 'static_pixel_mask') return { kind: 'pixel-mask', C, keep, target }
  if (model === 'dynamic_ar1') return { kind: 'temporal', alpha, gamma, nu, lag: delta }
  if (model === 'dynamic_lds') return { kind: 'linear-system', A, C, Q, R, lag: delta }
  throw new Error(`No kind for the golden model ${model}.`)
}

const generative = cases.filter(({ category }) => category === 'generative')
for (const { id, description, input, expected, tol } of generative) {
  it(`${id}: ${description}`, async () => {
    const { moments, spectrum } = await openProblem(specOf(input))
    const found: Record<string, number[]> = {
      sig2: [...spectrum.sigma2],
      lam: [...spectrum.lambda],
      rho: [...spectrum.rho],
      sigy2: [...spectrum.sigmaY2],
      Sxx: toRows(moments.Sxx).flat(),
      Syx: toRows(moments.Syx).flat(),
      Syy: toRows(moments.Syy).flat(),
      commutator: [spectrum.commutator],
      asymmetry: [spectrum.asymmetry],
      generalized_rho: [...(spectrum.generalizedRho ?? [])],
    }
    for (const [name, value] of Object.entries(expected)) {
      assertClose(found[name]!, [value].flat(2) as number[], tol, name)
    }
  })
}

const noncommuting = cases.filter(({ category }) => category === 'noncommuting')
for (const { id, description, input, expected, tol } of noncommuting) {
  it(`${id}: ${description}: the measures`, async () => {
    const { moments, spectrum } = await openProblem({ kind: 'covariance', Sxx: input.Sxx, Syx: input.Syx })
    assertClose([spectrum.commutator], [expected.commutator], tol, 'commutator')
    assertClose([spectrum.asymmetry], [expected.asymmetry], tol, 'asymmetry')
    assertClose([...spectrum.generalizedRho!], expected.generalized_rho, tol, 'generalizedRho')
    assertClose([...spectrum.rho], expected.generalized_rho, tol, 'rho')
    const { values, vectors } = symmetricEigen(moments.Sxx)
    const inverse = scaleColumns(
      vectors,
      values.map((e) => 1 / e),
    )
    const M = product(moments.Syx, inverse, transpose(vectors))
    assertClose(singularValues(M).values, expected.singular_values_M, tol, 'singular values of M')
  })
}

it('the golden file holds both categories', () => {
  assert.deepEqual([generative.length, noncommuting.length], [6, 1])
})

function assertClose(found: number[], expected: number[], { rel, abs }: Case['tol'], name: string): void {
  assert.equal(found.length, expected.length, name)
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(found[i]! - value)
    assert.ok(error <= rel * Math.abs(value) + abs, `${name}[${i}] is ${found[i]}, expected ${value}`)
  }
}
