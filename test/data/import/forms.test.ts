import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import sharp from 'sharp'
import { openImageSet } from '../../../src/data/images/open-image-set.ts'
import { idx, npy, npz, randomBytes } from '../image-files.ts'
import { add, artifacts, put, putFolder, tar } from './stand.ts'

const [count, height, width] = [12, 8, 6]
const pixels = randomBytes(count, height, width)
const labels = Uint8Array.from({ length: count }, (_, k) => k % 3)
const plain = idx(pixels, count, height, width)
const png = (values: Uint8Array, w: number, h: number, channels: 1 | 3) =>
  sharp(values, { raw: { width: w, height: h, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer()
const pictures: Record<string, Uint8Array> = {}
for (let k = 0; k < count; k++) {
  const image = pixels.subarray(k * height * width, (k + 1) * height * width)
  pictures[`${String.fromCharCode(97 + k)}.png`] = await png(image, width, height, 1)
}
const { id: known } = await add(put('plain.idx', plain))

const same: Record<string, () => Promise<string> | string> = {
  'gzipped IDX': () => put('plain.gz', gzipSync(plain)),
  'an npz': () => put('plain.npz', npz({ images: npy('|u1', [count, height, width], pixels) })),
  'a stored npz': () => put('stored.npz', npz({ x: npy('|u1', [count, height, width], pixels) }, 0)),
  'a folder of gray PNG': () => putFolder('flat', { ...pictures, '.DS_Store': new Uint8Array(9) }),
  'a zip of them': () => put('flat.zip', zipSync(pictures)),
  'a zip of their folder': () => put('in.zip', zipSync({ photos: pictures })),
  'a tar of them': async () => put('flat.tar', await tar('flat', pictures)),
  'a gzipped tar of them': async () => put('flat.tar.gz', gzipSync(await tar('flat', pictures))),
  'a folder with one gzipped IDX file': () => putFolder('one', { 'train-images.gz': gzipSync(plain) }),
}
for (const [name, place] of Object.entries(same)) {
  it(`${name} with the pixels of an IDX file is the same set, and is there already`, async () => {
    const { id, created } = await add(await place())
    assert.deepEqual([id, created], [known, false])
  })
}

it('a set is read back in slices: pixels, shape, no labels', async () => {
  const set = await openImageSet(artifacts, known)
  assert.deepEqual(set.shape, [count, height, width, 1])
  assert.deepEqual([set.labels, set.classes], [null, null])
  assert.deepEqual(Buffer.from(set.images(0, count)), Buffer.from(pixels))
  assert.deepEqual(Buffer.from(set.images(5, 2)), Buffer.from(pixels.subarray(5 * 48, 7 * 48)))
  assert.equal(set.images(count, 0).length, 0)
  assert.throws(() => set.images(count - 1, 2), /Images 11 to 13 of 12/)
  set.close()
  set.close()
})

const labelled: Record<string, () => Promise<[string, { labels?: string; classes?: number }]>> = {
  'IDX beside a label file': async () => [
    put('plain.idx', plain),
    { labels: put('labels.idx.gz', gzipSync(idx(labels, count))) },
  ],
  'a folder of both': async () => [
    putFolder('both', { 'a-labels': idx(labels, count), 'b-images': plain }),
    {},
  ],
  'an npz of both, with labels of eight bytes': async () => {
    const wide = new Uint8Array(BigInt64Array.from(labels, BigInt).buffer)
    const arrays = { x_train: npy('|u1', [count, height, width], pixels), y_train: npy('<i8', [count], wide) }
    return [put('both.npz', npz(arrays)), { classes: 3 }]
  },
}
for (const [name, place] of Object.entries(labelled)) {
  it(`labels of ${name} are kept with the images`, async () => {
    const [path, order] = await place()
    const { id, record } = await add(path, order)
    assert.notEqual(id, known)
    const set = await openImageSet(artifacts, id)
    assert.deepEqual([...set.labels!], [...labels])
    assert.deepEqual(set.classes, ['0', '1', '2'])
    assert.deepEqual(
      record.classes,
      [0, 1, 2].map((k) => ({ name: String(k), count: 4 })),
    )
    set.close()
  })
}

it('class folders name the classes, and their pictures are read in the order of their names', async () => {
  const files = {
    'dogs/1.png': pictures['b.png']!,
    'cats/2.png': pictures['c.png']!,
    'cats/1.png': pictures['a.png']!,
  }
  const { id } = await add(put('pets.zip', zipSync(files)))
  const set = await openImageSet(artifacts, id)
  assert.deepEqual(
    [set.classes, [...set.labels!]],
    [
      ['cats', 'dogs'],
      [0, 0, 1],
    ],
  )
  const image = (k: number) => Buffer.from(pixels.subarray(k * 48, (k + 1) * 48))
  assert.deepEqual(Buffer.from(set.images(0, 3)), Buffer.concat([image(0), image(2), image(1)]))
  set.close()
})

it('colour and gray pictures together become three channels; transparency is dropped', async () => {
  const colour = randomBytes(1, 5, 12)
  const clear = sharp(Buffer.alloc(80, 200), { raw: { width: 4, height: 5, channels: 4 } }).png()
  const files = {
    'a.png': await png(colour, 4, 5, 3),
    'b.png': await clear.toBuffer(),
    'c.png': await png(colour.subarray(0, 20), 4, 5, 1),
  }
  const { id, record } = await add(putFolder('mixed-colours', files))
  assert.equal(record.channels, 3)
  const set = await openImageSet(artifacts, id)
  assert.deepEqual(Buffer.from(set.images(0, 1)), Buffer.from(colour))
  assert.deepEqual([...set.images(1, 1)].slice(0, 3), [200, 200, 200])
  assert.deepEqual([...set.images(2, 1)].slice(0, 4), [colour[0], colour[0], colour[0], colour[1]])
  set.close()
})

it('JPEG photographs are decoded', async () => {
  const smooth = Uint8Array.from({ length: 64 * 64 }, (_, p) => (p % 64) + Math.floor(p / 64))
  const jpegOf = (values: Uint8Array) =>
    sharp(values, { raw: { width: 64, height: 64, channels: 1 } })
      .toColourspace('b-w')
      .jpeg({ quality: 100 })
      .toBuffer()
  const [jpeg, dark] = [await jpegOf(smooth), await jpegOf(smooth.map((x) => x >> 1))]
  const { id, record } = await add(putFolder('jpegs', { 'a.jpg': jpeg, 'b.jpeg': dark }))
  assert.deepEqual([record.count, record.height, record.channels], [2, 64, 1])
  const set = await openImageSet(artifacts, id)
  for (const [p, value] of set.images(0, 1).entries()) {
    assert.ok(Math.abs(value - smooth[p]!) <= 2, `pixel ${p} is ${value}, was ${smooth[p]}`) // JPEG's own loss at quality 100
  }
  set.close()
})

/** Records of CIFAR: labels, then three planes that tell the image. */
function cifar(images: number, labelBytes: 1 | 2, first = 0): Buffer {
  return Buffer.concat(Array.from({ length: images }, (_, k) => recordOf(first + k, labelBytes)))
}
function recordOf(k: number, labelBytes: 1 | 2): Buffer {
  const planes = Buffer.alloc(3072)
  for (let p = 0; p < 1024; p++) for (let c = 0; c < 3; c++) planes[c * 1024 + p] = (p + 50 * c + 7 * k) % 256
  return Buffer.concat([Buffer.from(labelBytes === 1 ? [k % 10] : [k % 20, k % 100]), planes])
}

it('CIFAR-10 comes out as 32×32×3 with its labels, from one file or from batches with the names of classes', async () => {
  const names = Array.from({ length: 10 }, (_, k) => `kind ${k}`).join('\n')
  const one = await add(put('cifar.bin', cifar(20, 1)))
  const set = await openImageSet(artifacts, one.id)
  assert.deepEqual(set.shape, [20, 32, 32, 3])
  assert.deepEqual(
    [...set.labels!],
    Array.from({ length: 20 }, (_, k) => k % 10),
  )
  assert.deepEqual([...set.images(3, 1)].slice(0, 6), [21, 71, 121, 22, 72, 122])
  set.close()
  const folder = putFolder('cifar-10-batches-bin', {
    'data_batch_1.bin': cifar(12, 1),
    'data_batch_2.bin': cifar(8, 1, 12),
    'batches.meta.txt': Buffer.from(`${names}\n`),
    'readme.html': Buffer.from('<html>'),
  })
  const batches = await add(folder)
  assert.deepEqual(batches.record.classes?.[3], { name: 'kind 3', count: 2 })
  const again = await openImageSet(artifacts, batches.id)
  assert.deepEqual(again.images(13, 2), (await openImageSet(artifacts, one.id)).images(13, 2))
  again.close()
})

it('CIFAR-100 keeps the fine labels', async () => {
  const { id, record } = await add(put('cifar100.bin', cifar(30, 2)))
  assert.equal(record.source.format, 'cifar-100')
  const set = await openImageSet(artifacts, id)
  assert.deepEqual(
    [...set.labels!],
    Array.from({ length: 30 }, (_, k) => k),
  )
  assert.equal(set.classes?.length, 100)
  set.close()
})

it('patches on a grid tile a photograph, and carry the class of its folder', async () => {
  const photo = Uint8Array.from({ length: 20 * 31 }, (_, p) => (p * 7) % 256)
  const files = {
    'sea/a.png': await png(photo, 31, 20, 1),
    'sky/b.png': await png(photo.toReversed(), 31, 20, 1),
  }
  const { id, record } = await add(putFolder('photos', files), { patches: { size: 8, stride: 6 } })
  assert.deepEqual([record.count, record.height, record.width], [24, 8, 8]) // rows at 0, 6, 12; columns at 0, 6, 12, 18
  assert.deepEqual(record.classes, [
    { name: 'sea', count: 12 },
    { name: 'sky', count: 12 },
  ])
  const set = await openImageSet(artifacts, id)
  const patch = set.images(4 + 2, 1) // the second row, the third column
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) assert.equal(patch[8 * i + j], photo[31 * (6 + i) + 12 + j])
  }
  set.close()
})

it('patches at places drawn from a seed are as many as asked, and the same for the same seed', async () => {
  const photo = randomBytes(1, 40, 50)
  const path = put('photo.png', await png(photo, 50, 40, 1))
  const wish = { size: 8, count: 31, seed: 4 }
  const [first, again, other] = [
    await add(path, { patches: wish }),
    await add(path, { patches: wish }),
    await add(path, { patches: { ...wish, seed: 5 } }),
  ]
  assert.equal(first.record.count, 31)
  assert.deepEqual([again.id, again.created], [first.id, false])
  assert.notEqual(other.id, first.id)
})

it('progress goes from 0 to 1 and never back', async () => {
  const seen: number[] = []
  await add(put('plain.idx', plain), {}, undefined, ({ fraction }) => seen.push(fraction))
  assert.ok(seen.length >= 2 && seen.at(-1)! >= 0.95 && seen.at(-1)! <= 1, String(seen))
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
})

it('sets that nobody registered open alike: the digits with their labels, a file without', async () => {
  const digits = await openImageSet(artifacts, 'mnist')
  assert.deepEqual(digits.shape, [10_000, 28, 28, 1])
  assert.equal(digits.classes?.length, 10)
  assert.deepEqual(
    [...digits.labels!],
    [...digits.labels!].toSorted((a, b) => a - b),
  ) // they come digit by digit
  assert.equal(digits.images(9_999, 1).length, 784)
  assert.throws(() => digits.images(9_999, 2), RangeError)
  const file = await openImageSet(artifacts, put('plain.idx', plain))
  assert.deepEqual([file.labels, file.classes], [null, null])
  assert.deepEqual(Buffer.from(file.images(3, 2)), Buffer.from(pixels.subarray(3 * 48, 5 * 48)))
  const floats = put('floats.npz', npz({ x: npy('<f4', [2, 2, 2], new Uint8Array(32)) }))
  await assert.rejects(openImageSet(artifacts, floats), /its pixels are no bytes/)
})
