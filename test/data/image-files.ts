import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { strToU8, zipSync } from 'fflate'
import { fillUniforms } from '../../src/data/philox.ts'

const folder = mkdtempSync(join(tmpdir(), 'jepalab-images-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a file to the test's own folder and gives its path. */
export function place(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Smooth random bytes, [count][height][width]: neighbouring pixels are alike, as in images. */
export function randomBytes(count: number, height: number, width: number): Uint8Array {
  const u = new Float64Array(count * 4)
  fillUniforms(u, { seed: 2, stream: 300, step: 0 })
  return Uint8Array.from({ length: count * height * width }, (_, at) => {
    const k = Math.floor(at / (height * width))
    const [i, j] = [Math.floor(at / width) % height, at % width]
    const [a, b, c, e] = [u[4 * k]!, u[4 * k + 1]!, u[4 * k + 2]!, u[4 * k + 3]!]
    return Math.floor(60 * (a + (b * i) / height + (c * j) / width) + 40 * e * ((i + j) % 2))
  })
}

/** An IDX file of unsigned bytes. */
export function idx(pixels: Uint8Array, ...sizes: number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * sizes.length)
  head[2] = 8
  head[3] = sizes.length
  for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i)
  return Buffer.concat([head, pixels])
}

/** A .npy array. */
export function npy(descr: string, shape: readonly number[], data: Uint8Array, fortran = false): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const head = Buffer.alloc(10)
  head.write('\x93NUMPY\x01\x00', 'latin1')
  head.writeUInt16LE(padded.length, 8)
  return Buffer.concat([head, strToU8(padded), data])
}

/** An .npz archive of arrays, deflated or stored. */
export function npz(arrays: Record<string, Uint8Array>, level: 0 | 6 = 6): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([name, data]) => [`${name}.npy`, data])), {
    level,
  })
}

/** The bytes of a typed array. */
export function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
