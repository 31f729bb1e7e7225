import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataOfKind } from '../../src/experiment/data-spec.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import type { ImageViews } from '../../src/experiment/image-spec.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import { checkSchema } from '../../src/experiment/schema.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { netSpec } from '../engines/nets.ts'
import { bytesOf, idx, npy, npz, place, randomBytes } from './image-files.ts'

const pixels = randomBytes(20, 6, 6)
const whole = idx(pixels, 20, 6, 6)
const good = place('good', whole)
const folder = `${good}-folder`
mkdirSync(folder)
const archive = npz({ images: npy('|u1', [20, 6, 6], pixels) }, 0)
const flipped = Uint8Array.from(archive)
flipped[500]! ^= 1
const bomb = gzipSync(Buffer.concat([idx(pixels, 20, 6, 6), new Uint8Array(50_000_000)]))

/** Name → a file that is no whole image set, and what the sentence must say of it. */
const bad: Record<string, [string, RegExp]> = {
  'a missing file': [`${good}-none`, /no such file/],
  'a folder': [folder, /folder|plain file/],
  'an empty file': [place('empty', new Uint8Array(0)), /0 bytes/],
  'a text file': [place('text', Buffer.from('hello, world')), /starts with 68656c6c/],
  'a label file': [place('labels', idx(new Uint8Array(20), 20)), /labels have 1/],
  'IDX of floats': [place('floats', Buffer.from([0, 0, 0x0d, 3, 0, 0])), /element type is 13/],
  'a header cut short': [place('short', whole.subarray(0, 10)), /ends after 10 bytes, inside its header/],
  'truncated IDX': [place('cut', whole.subarray(0, 500)), /declares 720 bytes of pixels, 484 are there/],
  'IDX longer than it says': [place('long', Buffer.concat([whole, pixels])), /more than the 720 bytes/],
  'truncated gzip': [place('cutgz', gzipSync(whole).subarray(0, 200)), /truncated/],
  'a gzip bomb': [place('bomb', bomb), /more than the 720 bytes/],
  'a header that claims 2^40 bytes': [
    place('lies', idx(pixels, 2 ** 31, 32, 16)),
    /over the limit of 1073741824/,
  ],
  'one image': [place('one', idx(pixels.subarray(0, 36), 1, 6, 6)), /holds 1 image/],
  'images of no pixels': [place('flat', idx(new Uint8Array(0), 20, 0, 6)), /0×6 pixels/],
  'a truncated npz': [place('cutzip', archive.subarray(0, 600)), /directory at its end is missing/],
  'a damaged npz': [place('bitzip', flipped), /checksum does not match/],
  'an npz of strings': [place('str', npz({ images: npy('<U8', [20, 6, 6], pixels) })), /elements are <U8/],
  'an npz in Fortran order': [
    place('fort', npz({ images: npy('|u1', [20, 6, 6], pixels, true) })),
    /ascontiguousarray/,
  ],
  'an npz shorter than its shape': [
    place('npyshort', npz({ images: npy('|u1', [30, 6, 6], pixels) })),
    /truncated/,
  ],
  'an npz of no square rows': [
    place('rows', npz({ x: npy('|u1', [20, 35], pixels.subarray(0, 700)) })),
    /no square/,
  ],
  'an npz of two unnamed arrays': [
    place('two', npz({ a: npy('|u1', [20, 6, 6], pixels), b: npy('|u1', [20, 6, 6], pixels) })),
    /holds a, b; name the images/,
  ],
  'a relative path': ['images/train', /neither mnist nor fashion-mnist nor an absolute path/],
}

const spec = (dataset: string, more: Partial<DataOfKind<'images'>> = {}): DataOfKind<'images'> => ({
  kind: 'images',
  dataset,
  resolution: 3,
  views: { kind: 'noise', nu: 1 },
  ...more,
})

for (const [name, [path, sentence]] of Object.entries(bad)) {
  it(`${name} is named and refused, before queueing and when opened`, async () => {
    const { digest, faults, features } = await inspectData(spec(path))
    assert.equal(features, 9)
    assert.equal(digest, null)
    assert.deepEqual(
      faults.map((fault) => fault.pointer),
      ['/data/dataset'],
    )
    assert.match(faults[0]!.message, sentence)
    assert.ok(faults[0]!.message.includes(path))
    await assert.rejects(openProblem(spec(path)), (error) => {
      assert.ok(error instanceof ExperimentError && error.code === 'DATASET_UNREADABLE')
      assert.match(error.message, sentence)
      return true
    })
  })
}

it('a pipe that nobody writes to is refused at once', async () => {
  const pipe = `${good}-pipe`
  execFileSync('mkfifo', [pipe])
  const { faults } = await inspectData(spec(pipe))
  assert.match(faults[0]!.message, /not a plain file/)
})

it('images that are all alike, or hold a NaN, are refused when opened', async () => {
  const alike = place('alike', idx(new Uint8Array(720).fill(9), 20, 6, 6))
  await assert.rejects(openProblem(spec(alike)), /all of its images are alike/)
  const values = Float32Array.from(pixels)
  values[3 * 36 + 5] = Number.NaN
  const nan = place('nan', npz({ images: npy('<f4', [20, 6, 6], bytesOf(values)) }))
  await assert.rejects(openProblem(spec(nan)), /image 3 holds a pixel that is no finite number/)
})

const hidden = { kind: 'pixel-mask', keep: 0.5, target: 'complement' } as const
const sizes: [Partial<DataOfKind<'images'>>, string, RegExp][] = [
  [{ resolution: 7 }, '/data/resolution', /resolution 7 is above the 6×6 pixels/],
  [{ limit: 21 }, '/data/limit', /limit 21 is above the 20 images/],
  [{ views: { kind: 'crop', size: 4 } }, '/data/views/size', /crop size 4 is above the resolution 3/],
  [{ views: { kind: 'noise', nu: 1, ramp: 2, power: 2 } }, '/data/views/power', /give one of them/],
  [{ views: { kind: 'noise', nu: 1e300 } }, '/data/views/nu', /variance 1e\+300 drowns images/],
  [{ views: { kind: 'noise', nu: 1e5, ramp: 1e308 } }, '/data/views/nu', /use at most 1000000/],
  [{ channels: 3 }, '/data/channels', /have 1 channel, not 3; leave channels out/],
  [
    { views: { kind: 'block-mask', size: 1, aspects: [1] } },
    '/data/views/size',
    /area 1 cover all 3 × 3 pixels/,
  ],
  [
    { views: { kind: 'pixel-mask', keep: 1, target: 'complement' } },
    '/data/views/keep',
    /keep 1\) leaves none to y/,
  ],
  [
    { views: { kind: 'chain', stages: [{ kind: 'crop', size: 1 }, hidden] } },
    '/data/views/stages/1/target',
    /Of a single pixel, y never shows what x shows/,
  ],
  [
    { views: { kind: 'temporal', lag: 6 } },
    '/data/views/lag',
    /6 apart are too few in 20; use a lag of at most 5/,
  ],
  [
    { views: { kind: 'temporal', within: 'class' } },
    '/data/views/within',
    /no labels, so that no two images are known to be of one class/,
  ],
  [
    { limit: 4, views: { kind: 'chain', stages: [{ kind: 'temporal' }, { kind: 'flip' }] } },
    '/data/views/stages/0/lag',
    /1 apart are too few in 4; use more images/,
  ],
  [
    { views: { kind: 'chain', stages: [{ kind: 'flip' }, { kind: 'temporal' }] } },
    '/data/views/stages/1/kind',
    /put temporal first/,
  ],
  [
    {
      views: {
        kind: 'chain',
        stages: [
          { kind: 'crop', size: 2 },
          { kind: 'crop', size: 3 },
        ],
      },
    },
    '/data/views/stages/1/size',
    /above the 2 pixels of the side that it meets/,
  ],
]
for (const [more, pointer, sentence] of sizes) {
  it(`${JSON.stringify(more)} on 20 images of 6×6 is refused at ${pointer}`, async () => {
    const { digest, faults } = await inspectData(spec(good, more))
    assert.deepEqual(
      faults.map((fault) => fault.pointer),
      [pointer],
    )
    assert.match(faults[0]!.message, sentence)
    assert.equal(digest?.length, 64)
    await assert.rejects(openProblem(spec(good, more)), { code: 'SPEC_INVALID' })
  })
}

const colours = place('colours', npz({ x: npy('|u1', [4, 20, 20, 3], randomBytes(4, 20, 60)) }))
const large = { channels: 3, resolution: 20 } // 1200 entries

it('two images are enough for data without pairs', async () => {
  const { faults } = await inspectData(spec(good, { limit: 2 }))
  assert.deepEqual(faults, [])
  assert.equal((await openProblem(spec(good, { limit: 2 }))).features, 9)
})

it('channels that the set does not have are refused', async () => {
  const { faults } = await inspectData(spec(colours, { channels: 4, resolution: 20 }))
  assert.match(faults[0]!.message, /have 3 channels, not 4; use 3, or leave channels out/)
})

it('classes too short for pairs are refused', async () => {
  const views = { kind: 'temporal', lag: 900, within: 'class' } as const
  const { faults } = await inspectData({ kind: 'images', dataset: 'mnist', views })
  assert.deepEqual(
    faults.map(({ pointer }) => pointer),
    ['/data/views/lag'],
  )
  assert.match(
    faults[0]!.message,
    /Of 10000 images only \d+ have one of their class 900 later, and 1803 are needed/,
  )
  await assert.rejects(openProblem({ kind: 'images', dataset: 'mnist', views }), { code: 'SPEC_INVALID' })
})

it('images of more entries than moments are worked out for are for nets alone', async () => {
  const views = { kind: 'crop', size: 2 } as const
  const problem = await openProblem(spec(colours, { ...large, views }))
  assert.equal(problem.sampler(1).draw(0, 5).x.length, 5 * 12)
  assert.throws(() => problem.moments, { code: 'SPEC_INVALID' })
  const { faults } = await inspectData(spec(colours, { ...large, views: { kind: 'noise', nu: 1, power: 2 } }))
  assert.deepEqual(
    faults.map(({ pointer }) => pointer),
    ['/data/views/power'],
  )
  const stages = [views, { kind: 'noise', nu: 1, power: 2 } as const]
  const cropped = await inspectData(spec(colours, { ...large, views: { kind: 'chain', stages } }))
  assert.deepEqual(
    cropped.faults.map(({ pointer }) => pointer),
    ['/data/views/stages/1/power'],
  )
  const linear: ExperimentSpec = {
    objective: 'jepa',
    data: spec(colours, { ...large, views }),
    model: { kind: 'deep-linear', depth: 1 },
    init: { kind: 'balanced', scale: 0.1 },
    training: { mode: 'flow', time: 1 },
  }
  assert.throws(
    () => resolveSpec(linear, 12),
    (error) => {
      assert.ok(error instanceof ExperimentError)
      assert.match(error.message, /images have 1200 entries before they are cropped/)
      return true
    },
  )
})

const shapeless: [string, object, RegExp][] = [
  ['/data/views/kind', { views: { kind: 'blocks' } }, /block-mask/],
  ['/data/views/context', { views: { kind: 'block-mask', context: 0 } }, /./],
  ['/data/views/blocks', { views: { kind: 'block-mask', blocks: 17 } }, /16/],
  ['/data/views/aspects/1', { views: { kind: 'block-mask', aspects: [1, 9] } }, /8/],
  ['/data/views/aspects', { views: { kind: 'block-mask', aspects: [] } }, /1/],
  ['/data/views/probability', { views: { kind: 'flip', probability: 1.5 } }, /1/],
  ['/data/views/lag', { views: { kind: 'temporal', lag: 0 } }, /1/],
  ['/data/views/stages', { views: { kind: 'chain', stages: [] } }, /1/],
  ['/data/views/stages', { views: { kind: 'chain', stages: Array(5).fill({ kind: 'flip' }) } }, /4/],
  ['/data/views/stages/0/size', { views: { kind: 'chain', stages: [{ kind: 'crop' }] } }, /size/],
  [
    '/data/views/stages/0/kind',
    { views: { kind: 'chain', stages: [{ kind: 'chain', stages: [] }] } },
    /temporal/,
  ],
  [
    '/data/views/stages/0/sise',
    { views: { kind: 'chain', stages: [{ kind: 'crop', size: 2, sise: 1 }] } },
    /size/,
  ],
  ['/data/channels', { channels: 1 }, /2/],
]
for (const [pointer, change, sentence] of shapeless) {
  it(`${JSON.stringify(change)} leaves the schema at ${pointer}`, () => {
    const asked = netSpec({ data: spec(good, change as Partial<DataOfKind<'images'>>) })
    assert.throws(
      () => checkSchema(asked),
      (error) => {
        assert.ok(error instanceof ExperimentError && error.code === 'SCHEMA_MISMATCH')
        const { faults } = (error as ExperimentError<'SCHEMA_MISMATCH'>).facts
        assert.deepEqual(
          faults.map((fault) => fault.pointer),
          [pointer],
        )
        assert.match(faults[0]!.message, sentence)
        return true
      },
    )
  })
}

it('a loss on masked pixels needs a mask that nothing is laid over', () => {
  const masked = (views: ImageViews) =>
    netSpec({ objective: 'mae', loss: { pixels: 'masked' }, data: spec(good, { views }) })
  const mask = { kind: 'block-mask', target: 'full' } as const
  const stages = [mask, { kind: 'noise', nu: 1 }] as const
  const keepsAll = { kind: 'pixel-mask', keep: 1, target: 'full' } as const
  assert.doesNotThrow(() => resolveSpec(masked(mask), 9))
  assert.doesNotThrow(() => resolveSpec(masked({ kind: 'chain', stages: stages.toReversed() }), 9))
  for (const views of [{ kind: 'chain', stages: [...stages] }, { kind: 'flip' }, keepsAll] as const)
    assert.throws(() => resolveSpec(masked(views as ImageViews), 9), { code: 'SPEC_INVALID' })
})

it('a file that changes is read again', async () => {
  const path = place('changing', whole)
  const before = await inspectData(spec(path))
  place(
    'changing',
    idx(
      pixels.map((x) => x ^ 1),
      20,
      6,
      6,
    ),
  )
  const after = await inspectData(spec(path))
  assert.notEqual(before.digest, after.digest)
})
