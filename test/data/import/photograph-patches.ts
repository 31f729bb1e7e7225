import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from '../../../src/data/import/decode.ts'
import { fileEntry } from '../../../src/data/import/entry.ts'
import { IMPORT_LIMITS } from '../../../src/data/import/limits.ts'
import { readPictureHeader } from '../../../src/data/import/picture-header.ts'
import { fillUniforms, STREAMS } from '../../../src/data/philox.ts'
import { repositoryRoot } from '../../../src/experiment/repository.ts'

const SIDE = 32
const RECORD = 1 + 3 * SIDE ** 2
const PHOTOGRAPHS = ['china.jpg', 'flower.jpg'] as const
/** A class is a photograph and the fifth of its width in which a patch begins. */
const FIFTHS = 5

interface Photograph {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array // [height][width][3]
}

/**
 * Patches of 32 × 32 pixels of the photographs in test/fixtures, no two alike, in CIFAR-10's binary form: a byte of class and the
 * pixels channel by channel, [count][3073].
 */
export async function photographPatches(count: number, seed: number): Promise<Buffer> {
  const photographs = await Promise.all(PHOTOGRAPHS.map(photograph))
  const records = Buffer.alloc(count * RECORD)
  const seen = new Set<string>()
  const u = new Float64Array(3)
  for (let draw = 0, k = 0; k < count; draw++) {
    fillUniforms(u, { seed, stream: STREAMS.choice, step: draw })
    const n = Math.floor(u[0]! * photographs.length)
    const { width, height } = photographs[n]!
    const [row, column] = [Math.floor(u[1]! * (height - SIDE + 1)), Math.floor(u[2]! * (width - SIDE + 1))]
    const record = records.subarray(k * RECORD, (k + 1) * RECORD)
    record[0] = n * FIFTHS + Math.floor(u[2]! * FIFTHS)
    cut(photographs[n]!, row, column, record.subarray(1))
    const print = createHash('sha1').update(record.subarray(1)).digest('base64')
    if (!seen.has(print)) k++
    seen.add(print)
  }
  return records
}

/** A file of test/fixtures through the decoder of imports. */
async function photograph(name: string): Promise<Photograph> {
  const path = join(repositoryRoot(), 'test/fixtures/photographs', name)
  const file = fileEntry(name, path, statSync(path).size)
  const header = readPictureHeader(await file.head(65_536))!
  return { ...header, pixels: await decode({ file, ...header }, 3, IMPORT_LIMITS) }
}

function cut({ width, pixels }: Photograph, row: number, column: number, out: Uint8Array): void {
  for (let i = 0; i < SIDE; i++) {
    for (let j = 0; j < SIDE; j++) {
      const at = 3 * ((row + i) * width + column + j)
      for (let c = 0; c < 3; c++) out[(c * SIDE + i) * SIDE + j] = pixels[at + c]!
    }
  }
}
