import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataSpec } from '../../src/experiment/data-spec.ts'
import { assertSamplesMatch } from './empirical.ts'

const alpha = [1, 0.5, 2]
const C = [
  [1, 0.6, 0.2],
  [0.6, 2, 0.6],
  [0.2, 0.6, 0.5],
]
const singular = [
  [1, 1, 0],
  [1, 1, 0],
  [0, 0, 0],
]
const system = {
  A: [
    [0.9, 0.2],
    [-0.1, 0.5],
  ],
  Q: [
    [0.2, 0.1],
    [0.1, 0.2],
  ],
  C: [
    [1, 0],
    [0.5, 1],
    [0, 2],
  ],
  R: [
    [0.1, 0, 0],
    [0, 0.3, 0.1],
    [0, 0.1, 0.2],
  ],
}

/** Name of a law → the spec that asks for it: all that can be sampled without a file. */
const laws: Record<string, DataSpec> = {
  gaussian: { kind: 'gaussian', lambda: [1, 0.6, -0.4], rho: [0.5, 0.9, -0.8] },
  'gaussian with ρ above 1': { kind: 'gaussian', lambda: [1, 0.6], rho: [1.5, 0.9] },
  'rotated gaussian with its own σ_y²': {
    kind: 'gaussian',
    lambda: [1, 0.6, 0.3],
    rho: [0.5, 0.9, 0.8],
    sigmaY2: [0.5, 3, 1],
    rotation: { kind: 'haar', seed: 3 },
  },
  'static noise': { kind: 'static-noise', alpha, nu: [0.2, 0, 3] },
  'static noise, clean target': { kind: 'static-noise', alpha, nu: [0.2, 0.1, 3], target: 'clean' },
  'feature mask': { kind: 'feature-mask', alpha, keep: [0.9, 0.5, 0.3] },
  'feature mask, full target': { kind: 'feature-mask', alpha, keep: [1, 0.5, 0.3], target: 'full' },
  'pixel mask': { kind: 'pixel-mask', C, keep: 0.7 },
  'pixel mask, complement': { kind: 'pixel-mask', C, keep: 0.7, target: 'complement' },
  'pixel mask, full target': { kind: 'pixel-mask', C: singular, keep: 0.7, target: 'full' },
  'projections of rank 1': { kind: 'random-projection', alpha, rank: 1 },
  'projections of rank 2': { kind: 'random-projection', alpha: [...alpha, 0.1], rank: 2 },
  'projections of full rank': { kind: 'random-projection', alpha, rank: 3 },
  temporal: { kind: 'temporal', alpha, gamma: [0.95, -0.5, 0], nu: [0.2, 0, 3] },
  'temporal, three steps': { kind: 'temporal', alpha, gamma: [0.95, -0.5, 0.8], nu: [0.2, 0.1, 3], lag: 3 },
  'linear system': { kind: 'linear-system', ...system },
  'linear system, four steps': { kind: 'linear-system', ...system, lag: 4 },
  covariance: {
    kind: 'covariance',
    Sxx: C,
    Syx: [
      [0.3, 0.1, 0],
      [-0.1, 0.4, 0.1],
      [0.2, 0, 0.1],
    ],
  },
  'singular covariance': { kind: 'covariance', Sxx: singular, Syx: singular },
}

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
