import type { FileHandle } from 'node:fs/promises'

/** One file inside a zip archive, by its central directory (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  readonly name: string
  readonly deflated: boolean
  readonly crc32: number
  readonly packedBytes: number
  readonly bytes: number
  /** Where its local header begins. */
  readonly offset: number
}

const END_BYTES = 22
const MAX_COMMENT = 65_535
const MAX_DIRECTORY_BYTES = 2 ** 25 // 65,535 files with names of 400 bytes

/** The entries of an archive. @throws Error with a clause where the archive is not whole */
export async function readZipEntries(file: FileHandle, fileBytes: number): Promise<ZipEntry[]> {
  const tail = await readAt(file, Math.max(0, fileBytes - END_BYTES - MAX_COMMENT), fileBytes)
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + END_BYTES > tail.length)
    throw new Error('it is truncated: the zip directory at its end is missing')
  const count = tail.readUInt16LE(end + 10)
  const directoryBytes = tail.readUInt32LE(end + 12)
  const start = tail.readUInt32LE(end + 16)
  if (count === 0xffff || start === 0xffff_ffff)
    throw new Error('it is a zip64 archive (over 65,534 files or 4 GiB); pack it as tar')
  if (directoryBytes > MAX_DIRECTORY_BYTES || start + directoryBytes > fileBytes) {
    throw new Error(`its zip directory claims ${directoryBytes} bytes at ${start} of ${fileBytes}`)
  }
  const directory = await readAt(file, start, start + directoryBytes)
  const entries: ZipEntry[] = []
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
      throw new Error(`its zip directory is garbled after ${entries.length} of ${count} entries`)
    }
    const nameBytes = directory.readUInt16LE(at + 28)
    entries.push(readEntry(directory, at, nameBytes))
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}

function readEntry(directory: Buffer, at: number, nameBytes: number): ZipEntry {
  const name = directory.toString('utf8', at + 46, at + 46 + nameBytes)
  const method = directory.readUInt16LE(at + 10)
  if (method !== 0 && method !== 8)
    throw new Error(`its entry ${name} is packed by method ${method}; 0 and 8 are read`)
  return {
    name,
    deflated: method === 8,
    crc32: directory.readUInt32LE(at + 16),
    packedBytes: directory.readUInt32LE(at + 20),
    bytes: directory.readUInt32LE(at + 24),
    offset: directory.readUInt32LE(at + 42),
  }
}

/** The range [start, end) of the file where an entry's packed bytes are. @throws Error where it leaves the file */
export async function locateEntry(file: FileHandle, entry: ZipEntry, fileBytes: number) {
  const header = await readAt(file, entry.offset, Math.min(fileBytes, entry.offset + 30))
  if (header.length < 30 || header.readUInt32LE(0) !== 0x04034b50) {
    throw new Error(`its entry ${entry.name} has no local header at ${entry.offset}`)
  }
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  const end = start + entry.packedBytes
  if (end > fileBytes)
    throw new Error(`its entry ${entry.name} ends at ${end}, past the file's ${fileBytes} bytes`)
  return { start, end }
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, end - start))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start)
  return buffer.subarray(0, bytesRead)
}
