import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { inMemory } from '../../src/data/images/image-set.ts'
import { pixelCovariance } from '../../src/data/images/pixel-moments.ts'
import { poolImages } from '../../src/data/images/pooled-images.ts'
import { inspectData } from '../../src/data/inspect.ts'
import { trace } from '../../src/data/linear-algebra.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { DataOfKind } from '../../src/experiment/data-spec.ts'
import { assertSamplesMatch } from './empirical.ts'
import { bytesOf, idx, npy, npz, place, randomBytes } from './image-files.ts'

const [count, height, width] = [60, 6, 8]
const pixels = randomBytes(count, height, width)
const plain = idx(pixels, count, height, width)
const path = place('plain', plain)
const noise = { kind: 'noise', nu: 0.5 } as const
const images = (dataset: string, views: DataOfKind<'images'>['views'] = noise, resolution = 3) =>
  ({ kind: 'images', dataset, resolution, views }) as const

const doubled = Uint8Array.from({ length: 3 * pixels.length }, (_, i) => pixels[Math.floor(i / 3)]!)
const square = randomBytes(count, 6, 6)
const forms: Record<string, { file: Uint8Array; pixels?: Uint8Array; width?: number }> = {
  'gzipped idx': { file: gzipSync(plain) },
  'npz of uint8': { file: npz({ images: npy('|u1', [count, height, width], pixels) }) },
  'stored npz of float32': {
    file: npz({ only: npy('<f4', [count, height, width], bytesOf(Float32Array.from(pixels))) }, 0),
  },
  'npz of float64 beside labels': {
    file: npz({
      y_train: npy('|u1', [count], new Uint8Array(count)),
      x_train: npy('<f8', [count, height, width], bytesOf(Float64Array.from(pixels))),
    }),
  },
  'npz with three equal channels': { file: npz({ x: npy('|u1', [count, height, width, 3], doubled) }) },
  'npz of flat square images': {
    file: npz({ x: npy('|u1', [count, 36], square) }),
    pixels: square,
    width: 6,
  },
}

for (const [name, form] of Object.entries(forms)) {
  it(`${name} holds the same images as idx, and its digest is that of its own bytes`, async () => {
    const other = form.pixels ? place('square', idx(form.pixels, count, 6, form.width!)) : path
    const packed = place('packed', form.file)
    const [expected, found] = await Promise.all([openProblem(images(other)), openProblem(images(packed))])
    for (const [i, value] of expected.moments.Sxx.data.entries()) {
      assert.ok(Math.abs(value - found.moments.Sxx.data[i]!) < 1e-6, `entry ${i}`) // float32 pixels
    }
    const { digest, faults } = await inspectData(images(packed))
    assert.deepEqual(faults, [])
    assert.equal(digest, createHash('sha256').update(form.file).digest('hex'))
  })
}

const views: Record<string, DataOfKind<'images'>['views']> = {
  'equal noise': noise,
  'noise with a clean target': { kind: 'noise', nu: 0.5, target: 'clean' },
  'noise that grows across the pixels': { kind: 'noise', nu: 0.1, ramp: 20 },
  'noise along the leading components': { kind: 'noise', nu: 0.5, power: 3 },
  'independent masks': { kind: 'pixel-mask', keep: 0.6 },
  'complementary masks': { kind: 'pixel-mask', keep: 0.4, target: 'complement' },
  'masks with a full target': { kind: 'pixel-mask', keep: 0.6, target: 'full' },
  crops: { kind: 'crop', size: 2 },
}

for (const [name, view] of Object.entries(views)) {
  it(`views by ${name} are drawn from the population that the moments describe`, async () => {
    const problem = await openProblem(images(path, view, 4))
    assert.equal(problem.features, view.kind === 'crop' ? 4 : 16)
    assertSamplesMatch(problem, { rows: 10_000 })
    const [many, few] = [problem.sampler(2).draw(3, 30), problem.sampler(2).draw(3, 4)]
    assert.deepEqual(few.x, many.x.slice(0, 4 * problem.features))
    assert.deepEqual(few.y, many.y.slice(0, 4 * problem.features))
  })
}

it('crop moments are the average over every image and every position', async () => {
  const { moments } = await openProblem(images(path, { kind: 'crop', size: 2 }, 4))
  const set = inMemory({ count, height, width, channels: 1 }, pixels)
  const { pixels: pooled } = poolImages('test', set, 4)
  const [Sxx, Syx] = [new Float64Array(16), new Float64Array(16)]
  for (let k = 0; k < count; k++) {
    const mean = new Float64Array(4)
    for (let p = 0; p < 9; p++) {
      const corner = 16 * k + 4 * Math.floor(p / 3) + (p % 3)
      const crop = [0, 1, 4, 5].map((at) => pooled[corner + at]!)
      for (let a = 0; a < 4; a++) {
        mean[a]! += crop[a]! / 9
        for (let b = 0; b < 4; b++) Sxx[4 * a + b]! += (crop[a]! * crop[b]!) / (9 * count)
      }
    }
    for (let a = 0; a < 4; a++) for (let b = 0; b < 4; b++) Syx[4 * a + b]! += (mean[a]! * mean[b]!) / count
  }
  for (let at = 0; at < 16; at++) {
    assert.ok(Math.abs(moments.Sxx.data[at]! - Sxx[at]!) < 1e-12, `Sxx ${at}`) // rounding only
    assert.ok(Math.abs(moments.Syx.data[at]! - Syx[at]!) < 1e-12, `Syx ${at}`) // rounding only
  }
})

it('pooling by a half and a third weighs cut pixels by their area', () => {
  const values = Float64Array.from([0, 1, 2, 3, 4, 5, 9, 9, 9, 9, 9, 9])
  const { pixels: pooled } = poolImages(
    'test',
    inMemory({ count: 2, height: 2, width: 3, channels: 1 }, values),
    2,
  )
  // Cells 1½ pixels wide: (0 + ½)/1½ = 1/3, (½ + 2)/1½ = 5/3, then 10/3 and 14/3; the second image is 9 everywhere.
  const gaps = [1 / 3, 5 / 3, 10 / 3, 14 / 3].map((cell) => (9 - cell) / 2)
  const size = Math.sqrt(gaps.reduce((sum, g) => sum + g * g, 0) / 4)
  for (const [i, gap] of gaps.entries()) {
    assert.ok(Math.abs(pooled[i]! + gap / size) < 1e-6, `cell ${i} is ${pooled[i]}`) // float32
    assert.ok(Math.abs(pooled[4 + i]! - gap / size) < 1e-6)
  }
})

it('a limit takes images spread over the whole set', () => {
  const values = Float64Array.from({ length: 10 }, (_, k) => k)
  const { pixels: pooled } = poolImages(
    'test',
    inMemory({ count: 10, height: 1, width: 1, channels: 1 }, values),
    1,
    5,
  )
  assert.deepEqual(
    [...pooled].map((x) => Math.round(Math.sqrt(8) * x)),
    [-4, -2, 0, 2, 4],
  ) // 0 2 4 6 8, less 4, over √8
})

it('a pixel that never varies is a feature without variance that comes last', async () => {
  const dark = pixels.map((value, at) => (at % (height * width) < width ? 7 : value))
  const still = place('still', idx(dark, count, height, width))
  const { spectrum, features } = await openProblem(images(still, { kind: 'pixel-mask', keep: 0.6 }, 6))
  assert.equal(features, 36)
  assert.deepEqual(spectrum.rho.slice(-6), [0, 0, 0, 0, 0, 0])
  assert.deepEqual(spectrum.sigma2.slice(-6), [0, 0, 0, 0, 0, 0])
  assert.ok(spectrum.rho[29]! > 0)
})

it('noise along the leading components turns the order of ρ against λ and commutes', async () => {
  const { spectrum } = await openProblem({
    ...images('mnist', { kind: 'noise', nu: 0.5, power: 3 }),
    resolution: 4,
  })
  assert.ok(spectrum.commutator < 1e-14, `commutator ${spectrum.commutator}`) // rounding only
  for (let i = 1; i < 16; i++)
    assert.ok(spectrum.lambda[i]! > spectrum.lambda[i - 1]!, `λ rises as ρ falls at ${i}`)
})

it('the 10,000 packaged digits have unit mean variance at any resolution', async () => {
  const { features, digest, faults } = await inspectData({ kind: 'images', dataset: 'mnist', views: noise })
  assert.deepEqual([features, faults, digest?.length], [49, [], 64])
  const { moments } = await openProblem({ kind: 'images', dataset: 'mnist', views: { kind: 'noise', nu: 0 } })
  assert.ok(Math.abs(trace(moments.Sxx) / 49 - 1) < 1e-6) // float32 pixels
})

it('the covariance of an odd number of pixels is that of a plain double loop', () => {
  const pooled = { count: 3, resolution: 3, pixels: Float32Array.from({ length: 27 }, (_, i) => Math.sin(i)) }
  const C = pixelCovariance(pooled)
  for (let i = 0; i < 9; i++) {
    for (let j = 0; j < 9; j++) {
      const expected =
        [0, 9, 18].reduce((sum, k) => sum + pooled.pixels[k + i]! * pooled.pixels[k + j]!, 0) / 3
      assert.ok(Math.abs(C.data[9 * i + j]! - expected) < 1e-15, `${i}, ${j}`) // rounding only
    }
  }
})
