import type { FileHandle } from 'node:fs/promises'

/** A plain file inside a tar archive: its bytes lie in the archive as they are. */
export interface TarFile {
  readonly name: string
  readonly start: number
  readonly bytes: number
}

const BLOCK = 512
const MAX_NAME = 65_536

/** Whether the first block of a file is a header of tar (POSIX ustar, GNU). */
export function isTar(head: Buffer): boolean {
  return head.length >= BLOCK && head.toString('latin1', 257, 262) === 'ustar'
}

/**
 * The plain files of an archive in its order. Folders, links and devices are passed over: they hold no image.
 * Long names come in a block before their file (GNU `L`, POSIX `x`).
 *
 * @throws Error with a clause where the archive is not whole
 */
export async function readTar(file: FileHandle, size: number, mostFiles: number): Promise<TarFile[]> {
  const files: TarFile[] = []
  let longName: string | null = null
  for (let at = 0; at + BLOCK <= size; ) {
    const header = await readAt(file, at, BLOCK)
    if (header.every((byte) => byte === 0)) return files
    checkHeader(header, at)
    const bytes = numberIn(header.subarray(124, 136))
    const start = at + BLOCK
    if (start + bytes > size) {
      throw new Error(`it is truncated: ${nameIn(header)} ends at ${start + bytes}, past its ${size} bytes`)
    }
    const type = String.fromCharCode(header[156]!)
    if (type === 'L' || type === 'x') {
      if (bytes > MAX_NAME) throw new Error(`a name in it has ${bytes} bytes`)
      const text = await readAt(file, start, bytes)
      longName = type === 'L' ? text.toString('utf8').replace(/\0.*$/s, '') : paxPath(text)
    } else {
      if (type === '0' || type === '\0') files.push({ name: longName ?? nameIn(header), start, bytes })
      longName = null
      if (files.length > mostFiles) throw new Error(`it holds over ${mostFiles} files`)
    }
    at = start + Math.ceil(bytes / BLOCK) * BLOCK
  }
  throw new Error('it is truncated: the blocks that end a tar archive are missing')
}

/** The checksum is the sum of the header's bytes with its own field read as spaces. */
function checkHeader(header: Buffer, at: number): void {
  const stated = numberIn(header.subarray(148, 156))
  let sum = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte
  if (sum !== stated) throw new Error(`it is damaged: the header at ${at} does not match its checksum`)
}

/** Octal digits, or, from 8 GiB on, a binary number marked by its first bit. */
function numberIn(field: Buffer): number {
  if (field[0]! & 0x80) return Number(field.readBigUInt64BE(field.length - 8))
  return Number.parseInt(field.toString('latin1').replace(/[\0 ]+$/, ''), 8) || 0
}

function nameIn(header: Buffer): string {
  const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '')
  const prefix = text(345, 500)
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
}

/** The `path` of a POSIX extended header: records "length key=value\n". */
function paxPath(text: Buffer): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text.toString('utf8'))?.[1] ?? null
}

async function readAt(file: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await file.read(buffer, 0, bytes, start)
  if (bytesRead < bytes) throw new Error(`it ends at ${start + bytesRead}`)
  return buffer
}
