import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** A file on its way into an archive. */
export interface Packed {
  /** In the archive, with slashes. */
  readonly name: string
  readonly path: string
  readonly bytes: number
}

const BLOCK = 512
const NAME_BYTES = 100

/** The files of a folder and of those in it, by name; what begins with a dot stays behind. */
export async function filesIn(folder: string): Promise<Packed[]> {
  const files: Packed[] = []
  for (const found of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(found.parentPath, found.name)
    const name = relative(folder, path).split(sep).join('/')
    if (found.isDirectory() || /(^|\/)\./.test(name)) continue
    const status = await stat(path)
    if (status.isFile()) files.push({ name, path, bytes: status.size })
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** How long the archive of these files is. */
export function tarBytes(files: readonly Packed[]): number {
  const rounded = (bytes: number) => Math.ceil(bytes / BLOCK) * BLOCK
  const named = ({ name }: Packed) => (isLong(name) ? BLOCK + rounded(Buffer.byteLength(name)) : 0)
  return files.reduce((sum, file) => sum + named(file) + BLOCK + rounded(file.bytes), 2 * BLOCK)
}

/**
 * A tar archive (ustar, long names as GNU has them), as it goes over the wire: nothing is kept.
 *
 * @throws Error where a file has another size than before
 */
export async function* tarOf(files: readonly Packed[]): AsyncGenerator<Uint8Array> {
  for (const { name, path, bytes } of files) {
    if (isLong(name)) {
      const text = Buffer.from(name)
      yield header('././@LongLink', text.length, 'L')
      yield text
      yield padding(text.length)
    }
    yield header(name, bytes, '0')
    let seen = 0
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) {
      seen += (chunk as Buffer).length
      yield chunk as Buffer
    }
    if (seen !== bytes) throw new Error(`${path} had ${bytes} bytes and now has ${seen}.`)
    yield padding(bytes)
  }
  yield Buffer.alloc(2 * BLOCK)
}

const isLong = (name: string) => Buffer.byteLength(name) > NAME_BYTES
const padding = (bytes: number) => Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK)

function header(name: string, bytes: number, type: '0' | 'L'): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  Buffer.from(name).copy(block, 0, 0, NAME_BYTES)
  block.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100)
  block.write(`${octal(bytes, 11)}\0${octal(0, 11)}\0`, 124)
  block.write(' '.repeat(8), 148)
  block.write(`${type}`, 156)
  block.write('ustar\x0000', 257)
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  )
  return block
}
