import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { inspectData } from '../../src/data/inspect.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataOfKind } from '../../src/experiment/data-spec.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
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

const sizes: [Partial<DataOfKind<'images'>>, string, RegExp][] = [
  [{ resolution: 7 }, '/data/resolution', /resolution 7 is above the 6×6 pixels/],
  [{ limit: 21 }, '/data/limit', /limit 21 is above the 20 images/],
  [{ views: { kind: 'crop', size: 4 } }, '/data/views/size', /crop size 4 is above the resolution 3/],
  [{ views: { kind: 'noise', nu: 1, ramp: 2, power: 2 } }, '/data/views/power', /give one of them/],
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
