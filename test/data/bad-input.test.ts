import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataSpec } from '../../src/experiment/data-spec.ts'

const one = [[1]]
const two = [
  [1, 0],
  [0, 1],
]
const correlated = [
  [1, 0.5],
  [0.5, 1],
]

/** A spec that passes its schema and that the domain forbids, the field at fault, and what the sentence says. */
const bad: [string, DataSpec, string, RegExp][] = [
  [
    'lists of different length',
    { kind: 'gaussian', lambda: [1, 2], rho: [0.5] },
    '/data/rho',
    /1 entries but lambda has 2/,
  ],
  ['λ of 0', { kind: 'gaussian', lambda: [1, 0], rho: [0.5, 0] }, '/data/lambda/1', /λ = 0.*not defined/],
  ['ρ of 0', { kind: 'gaussian', lambda: [1], rho: [0] }, '/data/rho/0', /λ = 1 and ρ = 0/],
  ['λ and ρ of different sign', { kind: 'gaussian', lambda: [1], rho: [-0.5] }, '/data/rho/0', /same sign/],
  [
    'λ² above σ²σ_y²',
    { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 0.9], sigmaY2: [2, 0.8] },
    '/data/lambda/1',
    /Feature 1 has λ² = 1 above σ²σ_y² = 0\.8888.*raise sigmaY2 to 0\.9/,
  ],
  ['an infinite λ/ρ', { kind: 'gaussian', lambda: [1e300], rho: [1e-300] }, '/data/rho/0', /Infinity/],
  [
    'too few variances',
    { kind: 'gaussian', lambda: [1], rho: [1], sigmaY2: [1, 2] },
    '/data/sigmaY2',
    /2 entries/,
  ],
  ['too few ν', { kind: 'static-noise', alpha: [1, 2], nu: [1] }, '/data/nu', /1 entries but alpha has 2/],
  [
    'a sum past the doubles',
    { kind: 'static-noise', alpha: [1.7e308], nu: [1e308] },
    '/data/alpha/0',
    /Infinity/,
  ],
  [
    'too many probabilities',
    { kind: 'feature-mask', alpha: [1], keep: [0.5, 0.5] },
    '/data/keep',
    /2 entries/,
  ],
  [
    'a rank above d',
    { kind: 'random-projection', alpha: [1, 2], rank: 3 },
    '/data/rank',
    /rank 3 is above the 2/,
  ],
  ['too few γ', { kind: 'temporal', alpha: [1, 2], gamma: [0.5], nu: [1, 1] }, '/data/gamma', /1 entries/],
  [
    'a ragged C',
    { kind: 'pixel-mask', C: [[1, 0], [0]], keep: 0.5 },
    '/data/C/1',
    /Row 1 of C has 1 numbers/,
  ],
  ['an oblong C', { kind: 'pixel-mask', C: [[1, 0]], keep: 0.5 }, '/data/C/0', /must have 1/],
  [
    'an asymmetric C',
    {
      kind: 'pixel-mask',
      C: [
        [1, 0.5],
        [0.4, 1],
      ],
      keep: 0.5,
    },
    '/data/C/0/1',
    /\(0, 1\) is 0\.5 but \(1, 0\) is 0\.4/,
  ],
  [
    'an indefinite C',
    {
      kind: 'pixel-mask',
      C: [
        [1, 2],
        [2, 1],
      ],
      keep: 0.5,
    },
    '/data/C',
    /eigenvalue -1/,
  ],
  [
    'a mask whose complement is empty',
    { kind: 'pixel-mask', C: correlated, keep: 1, target: 'complement' },
    '/data/keep',
    /keep 1\) leaves none to y/,
  ],
  [
    'the complement of a single pixel',
    { kind: 'pixel-mask', C: one, keep: 0.5, target: 'complement' },
    '/data/target',
    /Of a single pixel/,
  ],
  [
    'complements of uncorrelated pixels',
    { kind: 'pixel-mask', C: two, keep: 0.5, target: 'complement' },
    '/data/C',
    /pixels of C are uncorrelated/,
  ],
  ['a zero C', { kind: 'pixel-mask', C: [[0]], keep: 0.5 }, '/data/C', /zero/],
  ['a negative variance', { kind: 'covariance', Sxx: [[-1]], Syx: one }, '/data/Sxx', /eigenvalue -1/],
  [
    'a Syx of another size',
    { kind: 'covariance', Sxx: one, Syx: two },
    '/data/Syx',
    /2 rows but must have 1/,
  ],
  [
    'a Syx too large',
    { kind: 'covariance', Sxx: one, Syx: [[1.1]] },
    '/data/Syx',
    /joint covariance.*eigenvalue -0\.1/,
  ],
  [
    'a Syy too small',
    { kind: 'covariance', Sxx: one, Syx: [[0.9]], Syy: [[0.8]] },
    '/data/Syx',
    /joint covariance/,
  ],
  [
    'an indefinite Syy',
    { kind: 'covariance', Sxx: one, Syx: [[0]], Syy: [[-1]] },
    '/data/Syy',
    /eigenvalue -1/,
  ],
  [
    'an unstable A',
    { kind: 'linear-system', A: [[1.01]], C: one, Q: one, R: one },
    '/data/A',
    /spectral radius 1\.01/,
  ],
  [
    'a random walk',
    { kind: 'linear-system', A: one, C: one, Q: one, R: one },
    '/data/A',
    /spectral radius 1,/,
  ],
  [
    'a C of another size',
    { kind: 'linear-system', A: [[0.5]], C: two, Q: one, R: two },
    '/data/C/0',
    /must have 1/,
  ],
  ['a Q of another size', { kind: 'linear-system', A: [[0.5]], C: one, Q: two, R: one }, '/data/Q', /2 rows/],
  [
    'a negative R',
    { kind: 'linear-system', A: [[0.5]], C: one, Q: one, R: [[-1]] },
    '/data/R',
    /eigenvalue -1/,
  ],
  [
    'entries whose products overflow',
    { kind: 'linear-system', A: [[1e308]], C: one, Q: one, R: one },
    '/data/A/0/0',
    /1e\+308; give at most 1e\+70/,
  ],
  [
    'entries whose products overflow',
    { kind: 'covariance', Sxx: [[1e308]], Syx: one },
    '/data/Sxx/0/0',
    /1e\+308; give at most 1e\+70/,
  ],
  [
    'an x that never varies',
    { kind: 'linear-system', A: [[0.5]], C: [[0]], Q: one, R: [[0]] },
    '/data/C',
    /norm 0/,
  ],
]

for (const [name, data, pointer, sentence] of bad) {
  it(`${data.kind} with ${name} is refused at ${pointer}`, async () => {
    const { faults, digest } = await inspectData(data)
    assert.equal(digest, null)
    assert.ok(faults.length > 0, 'no fault was found')
    assert.equal(faults[0]!.pointer, pointer)
    assert.match(faults[0]!.message, sentence)
    await assert.rejects(openProblem(data), { code: 'SPEC_INVALID' })
  })
}

const legal: [string, DataSpec][] = [
  ['ρ above 1 by default', { kind: 'gaussian', lambda: [1], rho: [3] }],
  ['λ² equal to σ²σ_y²', { kind: 'gaussian', lambda: [0.3], rho: [0.7], sigmaY2: [0.3 * 0.7] }],
  ['negative λ and ρ', { kind: 'gaussian', lambda: [-1], rho: [-0.5] }],
  ['a perfectly correlated pair', { kind: 'covariance', Sxx: two, Syx: two }],
  [
    'a singular covariance',
    {
      kind: 'covariance',
      Sxx: [
        [1, 1],
        [1, 1],
      ],
      Syx: [
        [1, 1],
        [1, 1],
      ],
    },
  ],
  ['a ρ below the least double', { kind: 'static-noise', alpha: [5e-324, 1], nu: [1e300, 1] }],
  ['the largest entries', { kind: 'covariance', Sxx: [[1e70]], Syx: [[1e70]] }],
  ['no memory', { kind: 'temporal', alpha: [1], gamma: [0], nu: [0] }],
  ['the slowest system let through', { kind: 'linear-system', A: [[0.999999]], C: one, Q: one, R: [[0]] }],
]
for (const [name, data] of legal) {
  it(`${data.kind} with ${name} is accepted and has a finite spectrum`, async () => {
    assert.deepEqual((await inspectData(data)).faults, [])
    const { spectrum } = await openProblem(data)
    for (const list of [spectrum.sigma2, spectrum.lambda, spectrum.rho, spectrum.sigmaY2]) {
      assert.ok(list.every(Number.isFinite), String(list))
    }
    // Theory takes a λ only with a ρ of its sign.
    for (const [i, lambda] of spectrum.lambda.entries())
      assert.equal(Math.sign(lambda), Math.sign(spectrum.rho[i]!))
  })
}
