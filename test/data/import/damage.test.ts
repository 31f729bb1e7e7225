import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { crc32, gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import sharp from 'sharp'
import { openImageSet } from '../../../src/data/images/open-image-set.ts'
import { contentPath, registeredImages } from '../../../src/data/images/registered.ts'
import type { ImportOrder } from '../../../src/data/import/import-images.ts'
import { IMPORT_LIMITS, type ImportLimits } from '../../../src/data/import/limits.ts'
import { ExperimentError } from '../../../src/experiment/failure.ts'
import { bytesOf, idx, npy, npz, randomBytes } from '../image-files.ts'
import { add, artifacts, everything, put, putFolder, registry, tar } from './stand.ts'

const pixels = randomBytes(20, 6, 6)
const whole = idx(pixels, 20, 6, 6)
const labels = idx(new Uint8Array(20).fill(3), 20)
const limits: ImportLimits = { ...IMPORT_LIMITS, unpackedBytes: 5_000_000, files: 50 }
const pngOf = (width: number, height: number, values = randomBytes(1, height, width)) =>
  sharp(values, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
const png = await pngOf(16, 12)
const jpeg = await sharp(randomBytes(1, 64, 64), { raw: { width: 64, height: 64, channels: 1 } })
  .jpeg()
  .toBuffer()

/** A copy with some bytes changed. */
function changed(bytes: Uint8Array, at: number, ...values: number[]): Buffer {
  const copy = Buffer.from(bytes)
  copy.set(values, at)
  return copy
}

/** A JPEG whose frame header claims another size. */
function claiming(height: number, width: number): Buffer {
  const at = [0xc0, 0xc1, 0xc2]
    .map((sof) => jpeg.indexOf(Buffer.from([0xff, sof])))
    .find((found) => found > 0)!
  return changed(jpeg, at + 5, height >> 8, height & 255, width >> 8, width & 255)
}

/** A PNG whose first chunk, checksum included, claims another size. */
function pngClaiming(width: number, height: number): Buffer {
  const copy = Buffer.from(png)
  copy.writeUInt32BE(width, 16)
  copy.writeUInt32BE(height, 20)
  copy.writeUInt32BE(crc32(copy.subarray(12, 29)), 29)
  return copy
}

const cifar = (images: number, label: number) =>
  Buffer.concat(
    Array.from({ length: images }, () => Buffer.concat([Buffer.from([label]), randomBytes(1, 96, 32)])),
  )
const zip = zipSync({
  'a.png': png,
  'b.png': await pngOf(
    16,
    12,
    randomBytes(1, 12, 16).map((x) => x ^ 5),
  ),
})
const archive = await tar('damage', { 'a.png': png, 'b.png': png })
const emptyFolder = `${put('older', '')}-empty`
mkdirSync(emptyFolder)
const idat = png.indexOf('IDAT')

/** A damage → the file or folder, what is asked of it, and what the sentence must say. */
const bad: Record<string, [path: string, sentence: RegExp, order?: Partial<ImportOrder>]> = {
  'a path that is not there': [join(put('x', 'x'), '../none'), /no such file or folder/],
  'an empty file': [put('empty', ''), /0 bytes/],
  'an empty folder': [emptyFolder, /holds no files/],
  'a folder of hidden files alone': [putFolder('hidden', { '.DS_Store': png }), /holds no files/],
  'a file of unknown format': [
    put('text', 'hello, world'),
    /no known format \(it begins with 68656c6c and has 12/,
  ],
  'a picture format that is not read': [put('a.gif', 'GIF89a........'), /no known format/],
  'truncated IDX': [put('cut', whole.subarray(0, 500)), /truncated: .* 720 bytes of pixels, 484 are there/],
  'IDX with dimensions that lie': [
    put('lie', changed(whole, 11, 5)),
    /dimensions lie: .* 600 bytes of pixels, 720/,
  ],
  'IDX that claims 2^40 bytes': [put('huge', idx(pixels, 2 ** 31, 32, 16)), /over the limit of 1073741824/],
  'a label file alone': [put('alone', labels), /0 IDX file\(s\) of images/],
  'two files of images': [putFolder('two', { a: whole, b: whole }), /holds 2 IDX file\(s\) of images/],
  'a label file of another length': [
    putFolder('other', { a: whole, b: idx(new Uint8Array(19), 19) }),
    /b holds 19 labels for 20 images/,
  ],
  'a label file that is cut': [
    putFolder('cut-labels', { a: whole, b: labels.subarray(0, 20) }),
    /b declares 20 labels, 12 are there/,
  ],
  'more classes than announced': [
    putFolder('classes', { a: whole, b: labels }),
    /image 0 has the label 3, and 3 classes are 0 to 2/,
    { classes: 3 },
  ],
  'a CIFAR-10 file with a class of 11': [
    put('c.bin', cifar(4, 11)),
    /image 0 has class 11, and cifar-10 has 10/,
  ],
  'a truncated CIFAR-10 file': [
    put('cut.bin', cifar(4, 1).subarray(0, 9999)),
    /9999 bytes are no multiple of 3073/,
    { format: 'cifar-10' },
  ],
  'a CIFAR batch that is cut': [
    putFolder('batches', { 'a.bin': cifar(4, 1), 'b.bin': cifar(4, 1).subarray(1) }),
    /b\.bin is truncated or of another form/,
  ],
  'another format than announced': [put('w', whole), /of the format idx and not npz/, { format: 'npz' }],
  'patches of IDX': [put('w', whole), /patches are cut from photographs/, { patches: { size: 2 } }],
  'truncated gzip': [put('cutgz', gzipSync(whole).subarray(0, 200)), /compressed bytes are truncated/],
  'damaged gzip': [
    put('badgz', changed(gzipSync(whole), 60, 1, 2, 3, 4, 5)),
    /compressed bytes are damaged|unpacks|lie/,
  ],
  'a gzip bomb': [
    put('bomb', gzipSync(Buffer.concat([whole, Buffer.alloc(50_000_000)]))),
    /unpacks to more than 736/,
  ],
  'a gzip bomb of anything': [
    put('bomb2', gzipSync(Buffer.alloc(50_000_000))),
    /unpacks to more than 5000000/,
  ],
  'a truncated npz': [
    put('cutnpz', npz({ x: npy('|u1', [20, 6, 6], pixels) }).subarray(0, 300)),
    /truncated: the zip directory/,
  ],
  'an npz with a wrong checksum': [
    put('crc', changed(npz({ x: npy('|u1', [20, 6, 6], pixels) }, 0), 500, 1, 2, 3)),
    /x\.npy is damaged: the checksum/,
  ],
  'an npz that lies about its shape': [
    put('shape', npz({ x: npy('|u1', [30, 6, 6], pixels) })),
    /x\.npy is truncated: it declares 1080 bytes of pixels, 720/,
  ],
  'an npz of floats': [
    put('floats', npz({ x: npy('<f4', [20, 6, 6], bytesOf(Float32Array.from(pixels))) })),
    /pixels are float32; sets hold bytes/,
  ],
  'an npz with labels of another length': [
    put('lab', npz({ x: npy('|u1', [20, 6, 6], pixels), y: npy('|u1', [10], new Uint8Array(10)) })),
    /y\.npy holds 10 labels for 20 images/,
  ],
  'an npz with a negative label': [
    put('neg', npz({ x: npy('|u1', [20, 6, 6], pixels), y: npy('|i1', [20], new Uint8Array(20).fill(255)) })),
    /image 0 has the label -1/,
  ],
  'a zip bomb': [
    put('zipbomb', zipSync({ 'a.png': new Uint8Array(20_000_000) })),
    /declares 20000000 bytes unpacked/,
  ],
  'a zip that lies about a size': [
    put('ziplie', lyingZip()),
    /unpacks to more than the 10 bytes|is neither|truncated/,
  ],
  'a truncated zip': [put('cutzip', zip.subarray(0, zip.length - 30)), /zip directory/],
  'a damaged zip': [
    put('badzip', changed(zip, 60, 9, 9, 9)),
    /checksum|damaged|cannot be decoded|IHDR|is neither/,
  ],
  'a truncated tar': [put('cuttar', archive.subarray(0, 560)), /truncated: a\.png ends at/],
  'a tar without its end': [
    put('notar', archive.subarray(0, archive.length - 1024)),
    /blocks that end a tar/,
  ],
  'a damaged tar': [put('badtar', changed(archive, 3, 65)), /does not match its checksum/],
  'too many files': [
    put('many', zipSync(Object.fromEntries(Array.from({ length: 60 }, (_, k) => [`${k}.png`, png])))),
    /over 50 files/,
  ],
  'pictures of mixed sizes': [
    putFolder('mixed', { 'a.png': png, 'b.png': png, 'c.png': await pngOf(10, 12) }),
    /a\.png is 16×12 and c\.png is 10×12 pixels/,
  ],
  'a text among pictures': [
    putFolder('notes', { 'a.png': png, 'b.png': png, 'notes.txt': Buffer.from('hello') }),
    /notes\.txt is neither PNG nor JPEG \(it begins with 68656c6c\)/,
  ],
  'a picture beside class folders': [
    putFolder('beside', { 'a.png': png, 'cats/b.png': png }),
    /a\.png lies beside the folder of cats\/b\.png/,
  ],
  'a single picture': [put('single.png', png), /holds 1 image/],
  'a photograph smaller than a patch': [
    put('single.png', png),
    /16×12 pixels, smaller than a patch of 32×32/,
    { patches: { size: 32 } },
  ],
  'a truncated PNG': [
    putFolder('cutpng', { 'a.png': png, 'b.png': png.subarray(0, 120) }),
    /b\.png cannot be decoded/,
  ],
  'a PNG with a wrong checksum': [
    putFolder('crcpng', { 'a.png': png, 'b.png': changed(png, png.indexOf('IEND') - 8, 1, 2, 3, 4) }),
    /b\.png cannot be decoded/,
  ],
  'a PNG with damaged pixels': [
    putFolder('badpng', { 'a.png': png, 'b.png': changed(png, idat + 12, 9, 9, 9, 9) }),
    /b\.png cannot be decoded/,
  ],
  'a PNG cut in its header': [
    putFolder('headpng', { 'a.png': png, 'b.png': png.subarray(0, 20) }),
    /inside its header/,
  ],
  'a PNG with dimensions that lie': [
    putFolder('liepng', { 'a.png': pngClaiming(16, 40), 'b.png': pngClaiming(16, 40) }),
    /[ab]\.png cannot be decoded/,
  ],
  'a PNG bomb': [
    putFolder('bombpng', { 'a.png': png, 'b.png': pngClaiming(60_000, 60_000) }),
    /b\.png claims 60000×60000 pixels, over the limit of 67108864/,
  ],
  'a JPEG that claims 60,000 × 60,000': [
    putFolder('bombjpg', { 'a.jpg': jpeg, 'b.jpg': claiming(60_000, 60_000) }),
    /b\.jpg claims 60000×60000 pixels/,
  ],
  'a truncated JPEG': [
    putFolder('cutjpg', { 'a.jpg': jpeg, 'b.jpg': jpeg.subarray(0, jpeg.length - 200) }),
    /b\.jpg cannot be decoded/,
  ],
  'images that are all alike': [
    put('alike', idx(new Uint8Array(720).fill(7), 20, 6, 6)),
    /all of its images are alike/,
  ],
}

function lyingZip(): Uint8Array {
  const bytes = Buffer.from(zipSync({ 'a.png': new Uint8Array(100_000), 'b.png': png }))
  bytes.writeUInt32LE(10, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24) // the size in the directory
  return bytes
}

await add(put('there', whole), {}, 'there')
const before = everything()

for (const [name, [path, sentence, order]] of Object.entries(bad)) {
  it(`${name} is refused by name, and nothing of it is left`, async () => {
    await assert.rejects(add(path, { ...order, name: 'the upload', limits }), (error) => {
      assert.ok(error instanceof ExperimentError && error.code === 'DATASET_REFUSED', String(error))
      assert.match(error.message, /^the upload does not become an image set: /)
      assert.match(error.message, sentence)
      return true
    })
    assert.deepEqual(everything(), before)
  })
}

it('a pipe that nobody writes to is refused at once', async () => {
  const pipe = `${put('p', '')}ipe`
  execFileSync('mkfifo', [pipe])
  await assert.rejects(add(pipe), /not a plain file/)
  assert.deepEqual(everything(), before)
})

it('a disk that is full in the middle of a set leaves nothing behind', () => {
  const big = put('big', idx(randomBytes(4000, 12, 12), 4000, 12, 12)) // 576 kB
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const program = fileURLToPath(new URL(`./import-process${extension}`, import.meta.url))
  const folder = `${big}-registry`
  mkdirSync(folder)
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--test'))
  // The kernel ends a file of this process at 200 kB, as a full disk would.
  const script = 'ulimit -f 200 && exec "$@"'
  const run = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...flags, program, folder, big], {
    encoding: 'utf8',
  })
  assert.match(run.stdout, /^DATASET_UNSTORED .* a file may not be so large there/, run.stderr)
  assert.deepEqual(readdirSync(join(folder, 'datasets')), ['names'])
  assert.deepEqual(readdirSync(join(folder, 'datasets/names')), [])
})

it('two imports of the same content at once make one set, and one of them made it', async () => {
  const path = put('twice', idx(randomBytes(50, 9, 9), 50, 9, 9))
  const [a, b] = await Promise.all([add(path, {}, 'first'), add(path, {}, 'second')])
  assert.equal(a.id, b.id)
  assert.deepEqual([a.created, b.created].sort(), [false, true])
  const { names } = await registry.find(a.id)
  assert.deepEqual(names, ['first', 'second'])
})

it('a name that another set has, or that means something already, is refused', async () => {
  const path = put('named', idx(randomBytes(30, 5, 5), 30, 5, 5))
  const there = everything()
  await assert.rejects(add(path, {}, 'there'), { code: 'DATASET_NAME_TAKEN' })
  await assert.rejects(add(path, {}, 'mnist'), { code: 'SPEC_INVALID' })
  await assert.rejects(add(path, {}, `d${'a'.repeat(26)}`), { code: 'SPEC_INVALID' })
  assert.deepEqual(everything(), there)
})

it('a set that is removed is gone with its names, and comes back under the same id', async () => {
  const path = put('gone', idx(randomBytes(40, 5, 5), 40, 5, 5))
  const there = everything()
  const { id } = await add(path, {}, 'gone')
  await registry.remove('gone')
  assert.deepEqual(everything(), there)
  await assert.rejects(registry.find(id), { code: 'DATASET_UNKNOWN' })
  await assert.rejects(registry.remove(id), { code: 'DATASET_UNKNOWN' })
  assert.equal((await add(path)).id, id)
})

it('what an import that died has left is cleared by the next', async () => {
  const folder = await registry.workFolder()
  const dead = folder.replace(/~\d+~/, '~999999999~')
  mkdirSync(dead)
  writeFileSync(join(dead, 'upload'), 'half of a file')
  rmSync(folder, { recursive: true })
  await add(put('there', whole))
  assert.ok(!everything().some((name) => name.includes('~')), String(everything()))
})

it('a set whose file is cut or changed is refused when it is opened', async () => {
  const { id, record } = await add(put('rot', idx(randomBytes(33, 5, 5), 33, 5, 5)))
  const file = contentPath(artifacts, record.sha256)
  const source = registeredImages(artifacts, { ...record, createdAt: '' })
  const good = readFileSync(file)
  writeFileSync(file, changed(good, good.length - 3, 1, 2, 3))
  await assert.rejects(source.load(), /its bytes are not those that were registered/)
  truncateSync(file, good.length - 9)
  await assert.rejects(openImageSet(artifacts, id), /has \d+ bytes and its header declares \d+/)
  rmSync(file)
  await assert.rejects(openImageSet(artifacts, id), /its file is gone/)
  await assert.rejects(openImageSet(artifacts, 'nobody'), /no set of this name or id/)
})
