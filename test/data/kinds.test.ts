import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { isGaussian } from '../../src/experiment/data-spec.ts'
import { assertSamplesMatch } from './empirical.ts'
import { laws } from './example-laws.ts'

for (const [name, data] of Object.entries(laws)) {
  it(`samples of ${name} have its population's moments`, async () => {
    assert.deepEqual((await inspectData(data)).faults, [])
    assertSamplesMatch(await openProblem(data))
  })

  it(`a row of ${name} depends on seed, step and row alone`, async () => {
    const [once, again] = [await openProblem(data), await openProblem(data)]
    assert.deepEqual(once.spectrum, again.spectrum)
    const many = once.sampler(4).draw(9, 20)
    const few = again.sampler(4).draw(9, 3)
    const d = once.features
    assert.deepEqual(few, { x: many.x.slice(0, 3 * d), y: many.y.slice(0, 3 * d) })
    assert.notDeepEqual(again.sampler(4).draw(10, 3), few)
    assert.notDeepEqual(again.sampler(5).draw(9, 3), few)
  })

  it(`the spectrum of ${name} is the one of its moments`, async () => {
    const { moments, spectrum, features } = await openProblem(data)
    for (let i = 0; i < features; i++) {
      const form = (key: 'Sxx' | 'Syx' | 'Syy') => {
        let sum = 0
        for (let a = 0; a < features; a++) {
          for (let b = 0; b < features; b++) {
            const q = (k: number) => spectrum.directions.data[k * features + i]!
            sum += q(a) * moments[key].data[a * features + b]! * q(b)
          }
        }
        return sum
      }
      const pairs = [
        [spectrum.sigma2[i]!, form('Sxx')],
        [spectrum.lambda[i]!, form('Syx')],
        [spectrum.sigmaY2[i]!, form('Syy')],
      ] as const
      for (const [said, found] of pairs) {
        assert.ok(Math.abs(said - found) < 1e-12, `feature ${i}: ${said} but ${found}`) // rounding only
      }
    }
  })
}

it('the default target variance is σ²·max(1, ρ²)', async () => {
  const { spectrum } = await openProblem(laws['gaussian with ρ above 1']!)
  assert.ok(Math.abs(spectrum.sigmaY2[0]! - (1 / 1.5) * 1.5 ** 2) < 1e-15) // rounding only
  assert.equal(spectrum.sigmaY2[1], spectrum.sigma2[1])
})

for (const [name, data] of Object.entries(laws)) {
  if (name === 'projections of full rank') continue // the identity of a Gaussian: so drawn, whatever the kind
  it(`pairs of ${name} are ${isGaussian(data) ? '' : 'not '}jointly Gaussian, as its kind says`, async () => {
    const { features, sampler } = await openProblem(data)
    const rows = 40_000
    const { x, y } = sampler(11).draw(0, rows)
    // E u⁴ = 3 (E u²)² of a Gaussian u, whose estimate has the standard error √(24/rows).
    const excess = (weights: readonly number[]) => {
      let [second, fourth] = [0, 0]
      for (let r = 0; r < rows; r++) {
        let u = 0
        for (let i = 0; i < features; i++) {
          u += weights[i]! * x[r * features + i]! + weights[features + i]! * y[r * features + i]!
        }
        second += u * u
        fourth += u ** 4
      }
      return Math.abs((rows * fourth) / second ** 2 - 3) / Math.sqrt(24 / rows)
    }
    const ways = Array.from({ length: 20 }, (_, k) =>
      Array.from({ length: 2 * features }, (_, i) => Math.sin(1 + k * 2.4 + i * (k + 1.7))),
    )
    const most = Math.max(...ways.map(excess))
    assert.equal(most < 5, isGaussian(data), `the largest excess is ${most} standard errors`)
  })
}
