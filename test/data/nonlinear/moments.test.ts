import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  combine,
  frobenius,
  identity,
  multiply,
  scale,
  trace,
  transpose,
} from '../../../src/data/linear-algebra.ts'
import { generatorOf } from '../../../src/data/nonlinear/families.ts'
import type { DataOfKind } from '../../../src/experiment/data-spec.ts'
import type { Matrix } from '../../../src/experiment/matrix.ts'
import { assertSamplesMatch } from '../empirical.ts'
import { families, openNonlinear } from './families.ts'

const all = Object.entries<DataOfKind<'nonlinear'>>(families)
const distance = (a: Matrix, b: Matrix) => frobenius(combine(1, a, -1, b)) / frobenius(b)

/** Second moments of drawn pairs. */
function empirical(x: Float64Array, y: Float64Array, d: number) {
  const rows = x.length / d
  const [X, Y] = [x, y].map((data) => ({ rows, cols: d, data })) as [Matrix, Matrix]
  const mean = (a: Matrix, b: Matrix) => scale(1 / rows, multiply(transpose(a), b))
  return { Sxx: mean(X, X), Syx: mean(Y, X), Syy: mean(Y, Y) }
}

for (const [name, data] of all) {
  it(`moments of ${name} are those of its samples, entry by entry`, async () => {
    const problem = await openNonlinear(data)
    assertSamplesMatch(problem, { rows: 4000, steps: 1 }) // the moments' own error is a fifth of the samples'
  })

  it(`moments of ${name} are as exact as their estimate says`, async () => {
    const { latents, moments, features: d } = await openNonlinear(data)
    const { samples, error } = latents.estimate!
    const { x, y } = latents.sampler(21).draw(0, 20_000)
    const drawn = empirical(x, y, d)
    const allowed = 3 * error * Math.sqrt(1 + samples / 20_000)
    for (const key of ['Sxx', 'Syx', 'Syy'] as const) {
      const off = distance(drawn[key], moments[key])
      assert.ok(off < allowed, `${key} is off by ${off}, allowed ${allowed}`)
    }
    assert.ok(error > 1e-3 && error < 0.05, `error ${error} of ${samples} pairs`)
  })

  it(`views of ${name} are exchangeable, centred, and of the variance that was promised`, async () => {
    const { latents, moments, spectrum, features: d } = await openNonlinear(data)
    assert.deepEqual(moments.Sxx, moments.Syy)
    assert.equal(spectrum.asymmetry, 0)
    const promised = generatorOf(data).totalVariance + (data.noise ?? 0) * d
    const total = trace(moments.Sxx)
    assert.ok(Math.abs(total / promised - 1) < 0.05, `tr Sxx is ${total}, promised ${promised}`)
    const { x } = latents.heldOut(0, 20_000)
    for (let j = 0; j < d; j++) {
      let mean = 0
      for (let at = j; at < x.length; at += d) mean += x[at]! / 20_000
      // Errors of 20,000 rows and of the 16,384 views behind the mean that is taken away.
      const deviation = Math.sqrt(moments.Sxx.data[j * (d + 1)]! * (1 / 20_000 + 1 / 8192))
      assert.ok(
        Math.abs(mean) < 5.5 * deviation,
        `entry ${j} has the mean ${mean}, standard error ${deviation}`,
      )
    }
  })

  it(`a stored set of ${name} has the moments of its own samples`, async () => {
    const count = 700
    const { latents, moments, features: d } = await openNonlinear({ ...data, samples: count })
    assert.equal(latents.estimate, null)
    // Every sample of the set, from draws that meet each of them many times, once.
    const { x, y } = latents.sampler(0).draw(0, 40 * count)
    const known = new Map<string, number>()
    for (let r = 0; r < 40 * count; r++) known.set(x.slice(r * d, (r + 1) * d).join(), r)
    assert.equal(known.size, count)
    const rows = [...known.values()]
    const pick = (from: Float64Array) =>
      Float64Array.from(rows.flatMap((r) => [...from.subarray(r * d, (r + 1) * d)]))
    const drawn = empirical(pick(x), pick(y), d)
    for (const key of ['Sxx', 'Syx', 'Syy'] as const)
      assert.ok(distance(drawn[key], moments[key]) < 1e-12, key) // rounding only
  })

  it(`the moments of ${name} do not commute, so that no theory of the linear case is claimed for them`, async () => {
    const { spectrum } = await openNonlinear(data)
    assert.ok(spectrum.commutator > 1e-3, `commutator ${spectrum.commutator}`)
  })
}

it('with one factor alone the views covary as they vary, times its ρ', async () => {
  const { moments, latents } = await openNonlinear({
    kind: 'nonlinear',
    family: 'factors',
    factors: ['position-x'],
    lambda: [0.7],
    rho: [0.7],
    size: 8,
  })
  const off = distance(scale(1 / 0.7, moments.Syx), moments.Sxx)
  assert.ok(off < 4 * latents.estimate!.error, `Syx/ρ is ${off} from Sxx, error ${latents.estimate!.error}`)
})

it('what two factors do together is shared with the product of their ρ', async () => {
  // Contrast times phase: a grating of mean 0 whose amplitude and place are factors; no part of it is one factor's alone.
  const { moments, latents } = await openNonlinear({
    kind: 'nonlinear',
    family: 'factors',
    factors: ['texture-contrast', 'texture-phase'],
    lambda: [0.8, 0.6],
    rho: [0.8, 0.6],
    size: 6,
  })
  const error = latents.estimate!.error
  // Of the grating's variance E[c²]/2 the contrast's mean gives E[c]² (shared with .6) and its variance the rest (with .48).
  const [mean, variance] = [0.15, 0.15 ** 2 / 3]
  const expected = (0.6 * mean ** 2 + 0.48 * variance) / (mean ** 2 + variance)
  const corner = moments.Syx.data[0]! / moments.Sxx.data[0]!
  assert.ok(Math.abs(corner / expected - 1) < 5 * error, `${corner}, expected ${expected} ± ${error}`)
})

it('loudness is the share of the variance where the generator is linear', async () => {
  const [lambda, rho] = [
    [1, 0.5, 0.1],
    [0.5, 1, 0.2],
  ]
  const { latents } = await openNonlinear({
    kind: 'nonlinear',
    family: 'mixing',
    lambda: lambda!,
    rho: rho!,
    layers: 1,
  })
  for (const [i, expected] of [2 / 3, 0.5 / 3, 0.5 / 3].entries()) {
    const found = latents.loudness[i]!
    assert.ok(Math.abs(found / expected - 1) < 0.06, `${found}, expected ${expected}`) // 10,922 pairs: 4 standard errors
  }
})

it('noise is in the variances of both views and in no covariance of theirs, to the last bit', async () => {
  const { noise: _, ...clean } = families['factors in noise']
  const [loud, still] = [await openNonlinear(families['factors in noise']), await openNonlinear(clean)]
  assert.deepEqual(loud.moments.Syx, still.moments.Syx)
  const added = combine(1, loud.moments.Sxx, -1, still.moments.Sxx)
  assert.ok(distance(added, scale(0.3, identity(loud.features))) < 1e-12) // rounding only
  assert.deepEqual(loud.latents.heldOut(0, 9).latents, still.latents.heldOut(0, 9).latents)
  const [one, other] = [loud.latents.loudness[2]!, still.latents.loudness[2]!]
  assert.ok(Math.abs(one / other - 1 / 1.3) < 1e-12, `${one} against ${other}`) // tr Sxx is 1.3 times as large
})

it('images of 3,072 entries are drawn, and their moments are refused by name', async () => {
  const problem = await openNonlinear({ ...families.factors, size: 32, channels: 3 })
  assert.deepEqual(problem.latents.shape, [32, 32, 3])
  assert.equal(problem.sampler(0).draw(0, 2).x.length, 2 * 3072)
  assert.throws(() => problem.moments, { code: 'SPEC_INVALID', message: /x has 3072 entries.*up to 1024/ })
})
