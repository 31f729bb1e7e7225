import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inspectData } from '../../../src/data/inspect.ts'
import { openProblem } from '../../../src/data/open-problem.ts'
import type { DataOfKind } from '../../../src/experiment/data-spec.ts'
import { resolveSpec } from '../../../src/experiment/resolve.ts'
import { checkSchema } from '../../../src/experiment/schema.ts'
import type { ExperimentSpec } from '../../../src/experiment/spec.ts'
import { families } from './families.ts'

const { mixing, hierarchical, factors } = families

const bad: [string, DataOfKind<'nonlinear'>, string, RegExp][] = [
  ['lists of different length', { ...mixing, rho: [0.5] }, '/data/rho', /1 entries but lambda has 4/],
  ['a ρ above 1', { ...mixing, rho: [0.5, 1.2, 0.5, 1] }, '/data/rho/1', /entry 1 is 1\.2.*above 1/],
  ['an infinite variance', { ...mixing, rho: [0.5, 1e-320, 1, 1] }, '/data/lambda/1', /λ\/ρ = Infinity/],
  [
    'a variance lost to rounding',
    { ...mixing, lambda: [1, 1, 1e-70, 1] },
    '/data/lambda/2',
    /1e-70.*1e-60 and/,
  ],
  ['fewer entries than latents', { ...mixing, dimension: 3 }, '/data/dimension', /3 is below the 4 latents/],
  ['a ρ above 1', { ...hierarchical, rho: [1, 1, 2] }, '/data/rho/2', /entry 2 is 2/],
  ['lists of different length', { ...hierarchical, lambda: [1] }, '/data/rho', /3 entries but lambda has 1/],
  [
    'too many leaves',
    { ...hierarchical, branching: 8, lambda: new Array(6).fill(1), rho: new Array(6).fill(1) },
    '/data/lambda',
    /98304 entries.*3072 is the most/,
  ],
  ['too few ρ', { ...factors, rho: [0.5, 0.5] }, '/data/rho', /2 entries but factors has 4/],
  ['a ρ above 1', { ...factors, rho: [1.1, 1, 1, 1] }, '/data/rho/0', /entry 0 is 1\.1/],
  [
    'a factor beyond its range',
    { ...factors, lambda: [0.96, 0.4, 0.1, 0.05] },
    '/data/lambda/0',
    /position-x has variance λ\/ρ = 1\.01053.*lower λ to ρ = 0\.95/,
  ],
  [
    'a factor that hardly moves',
    { ...factors, lambda: [0.9, 1e-9, 0.1, 0.05] },
    '/data/lambda/1',
    /size has variance λ\/ρ = 1\.66667e-9, which is lost/,
  ],
  [
    'colour in grey images',
    { ...factors, factors: ['colour'], lambda: [0.5], rho: [0.5] },
    '/data/factors/0',
    /needs 3 channels and the images have 1/,
  ],
  [
    'shapes that are lost in the image',
    { ...factors, size: 8 },
    '/data/size',
    /At 8 × 8 pixels the smallest shape has a radius of 0\.83.* at least 10/,
  ],
  [
    'shapes that are lost although they do not vary',
    { ...factors, factors: ['position-x'], lambda: [0.5], rho: [0.5], size: 5 },
    '/data/size',
    /radius of 0\.85 pixels.*at least 6\./,
  ],
]

for (const [name, data, pointer, sentence] of bad) {
  it(`${data.family} with ${name} is refused at ${pointer}`, async () => {
    const { faults } = await inspectData(data)
    assert.equal(faults[0]?.pointer, pointer)
    assert.match(faults[0]!.message, sentence)
    await assert.rejects(openProblem(data), { code: 'SPEC_INVALID' })
  })
}

const one = { lambda: [0.7], rho: [1] }
const legal: [string, DataOfKind<'nonlinear'>][] = [
  ['one latent in one entry', { kind: 'nonlinear', family: 'mixing', ...one }],
  ['views that share all', { ...mixing, rho: [1, 1, 1, 1] }],
  ['views that share nearly nothing', { ...mixing, lambda: [1e-12, 1, 1, 1], rho: [1e-12, 1e-9, 1, 1] }],
  ['variances of 1e-60 and 1e60', { ...mixing, lambda: [1e-60, 1e60, 1, 1], rho: [1, 1, 0.5, 1] }],
  ['a stored set of two samples', { ...mixing, samples: 2 }],
  ['one level', { kind: 'nonlinear', family: 'hierarchical', ...one }],
  ['eight branches', { ...hierarchical, branching: 8, channels: 2 }],
  ['its largest noise', { ...factors, size: 10, noise: 1e6 }],
  ...(['position-x', 'size', 'shape', 'brightness', 'background', 'texture-contrast'] as const).map(
    (name): [string, DataOfKind<'nonlinear'>] => [
      `the factor ${name} alone and hardly moving`,
      { kind: 'nonlinear', family: 'factors', factors: [name], lambda: [1e-6], rho: [1], size: 6 },
    ],
  ),
]

for (const [name, data] of legal) {
  it(`${data.family} with ${name} is accepted, and has finite views and a finite spectrum`, async () => {
    assert.deepEqual((await inspectData(data)).faults, [])
    const { spectrum, latents, sampler } = await openProblem(data)
    const { sigma2, lambda, rho, sigmaY2, commutator } = spectrum
    const { x, y } = sampler(3).draw(1, 20)
    const { estimate, loudness } = latents!
    for (const list of [x, y, sigma2, lambda, rho, sigmaY2, loudness, [commutator, estimate?.error ?? 0]])
      assert.ok(list.every(Number.isFinite), String(list))
  })
}

const experiment: ExperimentSpec = {
  objective: 'jepa',
  data: mixing,
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.1 },
  training: { mode: 'sgd', learningRate: 0.01, batchSize: 64, steps: 10 },
}

const misspelt: [string, object, string, RegExp][] = [
  [
    'an unknown family',
    { ...mixing, family: 'mixin' },
    '/data/family',
    /"mixin" is not one of mixing, hierar.*Did you mean mixing/,
  ],
  ['no family', { ...mixing, family: undefined }, '/data/family', /family is missing; it is one of mixing/],
  ['a field of another family', { ...mixing, branching: 2 }, '/data/branching', /no field branching here/],
  ['an unknown factor', { ...factors, factors: ['positionx'] }, '/data/factors/0', /Did you mean position-x/],
  ['a factor twice', { ...factors, factors: ['size', 'size'] }, '/data/factors', /there twice/],
  ['a λ of 0', { ...mixing, lambda: [0, 1, 1, 1] }, '/data/lambda/0', /0 is not above 0/],
  ['a slope of 0, which cannot be undone', { ...mixing, slope: 0 }, '/data/slope', /below 0\.01/],
  ['too large a set', { ...mixing, samples: 10_000_001 }, '/data/samples', /above 10000000/],
  ['two channels', { ...factors, channels: 2 }, '/data/channels', /2 is not one of 1, 3/],
  ['images above 32 pixels', { ...factors, size: 33 }, '/data/size', /33 is above 32/],
]

for (const [name, data, pointer, sentence] of misspelt) {
  it(`a schema refuses ${name} at ${pointer}`, () => {
    assert.throws(
      () => checkSchema({ ...experiment, data }),
      (error: Error & { code?: string; facts?: { faults: { pointer: string; message: string }[] } }) => {
        assert.equal(error.code, 'SCHEMA_MISMATCH')
        const fault = error.facts!.faults.find((each) => each.pointer === pointer)
        assert.ok(fault, JSON.stringify(error.facts!.faults))
        assert.match(fault.message, sentence)
        return true
      },
    )
  })
}

it('a deep linear model of images of 3,072 entries is refused before anything is drawn', () => {
  const data = { ...factors, size: 32, channels: 3 } as const
  assert.throws(() => resolveSpec({ ...experiment, data }, 3072), {
    code: 'SPEC_INVALID',
    message: /3072 features and a deep-linear model takes at most 1024/,
  })
})

it('moments of a minibatch cannot be drawn in law for them, and auto takes samples', () => {
  const training = { ...experiment.training, draws: 'moments' } as ExperimentSpec['training']
  assert.throws(() => resolveSpec({ ...experiment, training }, 6), /data of kind nonlinear are not/)
  const { training: resolved } = resolveSpec(experiment, 6)
  assert.equal('draws' in resolved && resolved.draws, 'samples')
})
