import { closeSync, createReadStream, createWriteStream, openSync, readSync } from 'node:fs'
import { pipeline as pipe } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createGunzip, createInflateRaw } from 'node:zlib'

/**
 * A file of an import: one of its own, one of a folder, or one inside an archive. Nothing is unpacked under the name that an
 * archive gives it, so no name can lead out of a folder.
 */
export interface Entry {
  readonly name: string
  /** Unpacked, as declared; `chunks` holds them to it. */
  readonly bytes: number
  /** The first bytes, as many as there are up to `most`. */
  head(most: number): Promise<Buffer>
  /** All bytes at once, of one that is known to be small. */
  whole(): Promise<Buffer>
  chunks(): AsyncIterable<Buffer>
}

const CHUNK_BYTES = 2 ** 18

/** A file, or the range of it that an archive stores something in. */
export function fileEntry(name: string, path: string, bytes: number, start = 0): Entry {
  const read = (most: number) => {
    const file = openSync(path, 'r') // at once: a stream takes five times as long for a small file
    try {
      const buffer = Buffer.alloc(Math.min(most, bytes))
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start))
    } finally {
      closeSync(file)
    }
  }
  return {
    name,
    bytes,
    head: async (most) => read(most),
    async whole() {
      const found = read(bytes)
      if (found.length < bytes) throw new Error(`${name} ends after ${found.length} of ${bytes} bytes`)
      return found
    },
    async *chunks() {
      if (bytes === 0) return
      let seen = 0
      for await (const chunk of rangeOf(path, start, bytes)) {
        seen += chunk.length
        yield chunk
      }
      if (seen < bytes) throw new Error(`${name} ends after ${seen} of ${bytes} bytes`)
    },
  }
}

/** What a zip archive tells of a deflated file. */
interface Deflated {
  readonly name: string
  readonly bytes: number
  readonly crc32: number
  readonly start: number
  readonly packedBytes: number
}

/** A deflated file inside a zip archive. More bytes than declared end it, so that a small archive cannot fill a disk. */
export function deflatedEntry(
  path: string,
  { name, bytes, crc32: sum, start, packedBytes }: Deflated,
): Entry {
  async function* chunks(): AsyncGenerator<Buffer> {
    let [seen, checksum] = [0, 0]
    if (packedBytes === 0) throw new Error(`${name} is packed into 0 bytes`)
    const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES })
    for await (const chunk of pipe(rangeOf(path, start, packedBytes), inflate, () => {})) {
      seen += chunk.length
      checksum = crc32(chunk, checksum)
      if (seen > bytes) throw new Error(`${name} unpacks to more than the ${bytes} bytes that it declares`)
      yield chunk
    }
    if (seen < bytes) throw new Error(`${name} is truncated: it declares ${bytes} bytes, ${seen} are there`)
    if (checksum !== sum) throw new Error(`${name} is damaged: the checksum does not match`)
  }
  const head = async (most: number) => {
    const parts: Buffer[] = []
    let seen = 0
    for await (const chunk of chunks()) {
      parts.push(chunk)
      seen += chunk.length
      if (seen >= most) break
    }
    return Buffer.concat(parts).subarray(0, most)
  }
  return { name, bytes, head, chunks, whole: () => concat(chunks()) }
}

/** The same file held to its checksum, where an archive stores it as it is. */
export function checkedEntry(entry: Entry, sum: number): Entry {
  const check = (checksum: number) => {
    if (checksum !== sum) throw new Error(`${entry.name} is damaged: the checksum does not match`)
  }
  return {
    ...entry,
    async whole() {
      const bytes = await entry.whole()
      check(crc32(bytes))
      return bytes
    },
    async *chunks() {
      let checksum = 0
      for await (const chunk of entry.chunks()) {
        checksum = crc32(chunk, checksum)
        yield chunk
      }
      check(checksum)
    },
  }
}

async function concat(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

/**
 * Unpacks a gzipped entry beside it and gives the plain one.
 *
 * @param limit bytes after which it is refused; an IDX header inside says earlier
 */
export async function gunzipped(entry: Entry, target: string, limit: number): Promise<Entry> {
  let [seen, most] = [0, limit]
  const name = entry.name.replace(/\.(gz|tgz)$/i, '')
  async function* counted(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      if (seen === 0) most = Math.min(limit, idxBytes(chunk) ?? limit)
      seen += chunk.length
      if (seen > most) throw new Error(`${entry.name} unpacks to more than ${most} bytes`)
      yield chunk
    }
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  await pipeline(entry.chunks(), gunzip, counted, createWriteStream(target, { flags: 'wx' }))
  return fileEntry(name, target, seen)
}

/** How long an IDX file of images says that it is; null for anything else. */
function idxBytes(head: Buffer): number | null {
  if (head.length < 16 || head.readUInt32BE(0) !== 0x0803) return null
  return 16 + head.readUInt32BE(4) * head.readUInt32BE(8) * head.readUInt32BE(12)
}

function rangeOf(path: string, start: number, bytes: number) {
  return createReadStream(path, { start, end: start + bytes - 1, highWaterMark: CHUNK_BYTES })
}
