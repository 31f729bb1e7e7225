import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/**
 * Plain zip archives, stored without compression: written in one pass, read entry by entry (APPNOTE.TXT 4.3, without
 * zip64). The bytes do not depend on the hour: every entry is of 1980-01-01.
 */
export interface ZipEntry {
  readonly name: string
  readonly crc32: number
  readonly bytes: number
  /** Where its local header begins. */
  readonly offset: number
}

const LOCAL = 30 // bytes of a local header, without the name
const CENTRAL = 46 // bytes of an entry of the directory, without the name
const END = 22
const EPOCH = 0x21 // 1980-01-01 as a DOS date
const MAX_ENTRIES = 65_535
const MAX_BYTES = 2 ** 32 - 1
const CHUNK = 2 ** 22 // bytes gathered before they are written

/** Writes an archive into a new file. */
export class ZipWriter {
  readonly #file: FileHandle
  readonly #mostBytes: number
  readonly #entries: ZipEntry[] = []
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #offset = 0 // of the next entry
  #directoryBytes = 0

  /** @param mostBytes that the archive may grow to */
  constructor(file: FileHandle, mostBytes = MAX_BYTES) {
    this.#file = file
    this.#mostBytes = mostBytes
  }

  /** Whether an entry still fits. Any that a zip can hold fits into an empty one. */
  fits(name: string, bytes: number): boolean {
    const header = 2 * Buffer.byteLength(name) + LOCAL + CENTRAL
    const whole = this.#offset + this.#directoryBytes + END + header + bytes
    if (this.#entries.length === 0) return whole <= MAX_BYTES
    return this.#entries.length < MAX_ENTRIES && whole <= this.#mostBytes
  }

  /** Adds an entry, whose bytes must stay as they are until the next call has returned. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    if (!this.fits(name, bytes.length)) throw new RangeError(`${name} of ${bytes.length} bytes does not fit.`)
    const entry = { name, crc32: crc32(bytes), bytes: bytes.length, offset: this.#offset }
    const header = localHeader(entry)
    this.#entries.push(entry)
    this.#offset += header.length + bytes.length
    this.#directoryBytes += CENTRAL + header.length - LOCAL
    await this.#write(header, bytes)
  }

  /** Writes the directory. The file is the caller's to sync and close. */
  async finish(): Promise<void> {
    const directory = Buffer.concat(this.#entries.map(centralHeader))
    const end = Buffer.alloc(END)
    end.writeUInt32LE(0x06054b50, 0)
    end.writeUInt16LE(this.#entries.length, 8)
    end.writeUInt16LE(this.#entries.length, 10)
    end.writeUInt32LE(directory.length, 12)
    end.writeUInt32LE(this.#offset, 16)
    await this.#write(directory, end)
    await this.#flush()
  }

  async #write(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) this.#waitingBytes += part.length
    this.#waiting.push(...parts)
    if (this.#waitingBytes >= CHUNK) await this.#flush()
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting, this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#file.writeFile(bytes) // goes on where the last one ended, until all is written
  }
}

/** Signature, versions, flags, method 0, time, date, CRC and both sizes: what the two kinds of header share. */
function shared(header: Buffer, at: number, { name, crc32, bytes }: ZipEntry): void {
  header.writeUInt16LE(10, at) // version 1.0 reads it
  header.writeUInt16LE(EPOCH, at + 8)
  header.writeUInt32LE(crc32, at + 10)
  header.writeUInt32LE(bytes, at + 14)
  header.writeUInt32LE(bytes, at + 18)
  header.writeUInt16LE(Buffer.byteLength(name), at + 22)
}

function localHeader(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(LOCAL + Buffer.byteLength(entry.name))
  header.writeUInt32LE(0x04034b50, 0)
  shared(header, 4, entry)
  header.write(entry.name, LOCAL)
  return header
}

function centralHeader(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(CENTRAL + Buffer.byteLength(entry.name))
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(10, 4)
  shared(header, 6, entry)
  header.writeUInt32LE(entry.offset, 42)
  header.write(entry.name, CENTRAL)
  return header
}

/** The directory of an archive that a ZipWriter wrote. @throws Error with a clause where it is not whole */
export async function readZipDirectory(file: FileHandle): Promise<ZipEntry[]> {
  const { size } = await file.stat()
  const end = size < END ? Buffer.alloc(0) : await readExactly(file, size - END, END)
  if (end.length < END || end.readUInt32LE(0) !== 0x06054b50) {
    throw new Error('it is truncated: the zip directory at its end is missing')
  }
  const [count, length, start] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)]
  if (start + length + END !== size)
    throw new Error(`its zip directory claims ${length} bytes at ${start} of ${size}`)
  const directory = await readExactly(file, start, length)
  const entries: ZipEntry[] = []
  for (let at = 0; entries.length < count; ) {
    const garbled = at + CENTRAL > length || directory.readUInt32LE(at) !== 0x02014b50
    if (garbled) throw new Error(`its zip directory is garbled after ${entries.length} of ${count} entries`)
    const nameBytes = directory.readUInt16LE(at + 28)
    const entry = {
      name: directory.toString('utf8', at + CENTRAL, at + CENTRAL + nameBytes),
      crc32: directory.readUInt32LE(at + 16),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    }
    const last = entry.offset + LOCAL + nameBytes + entry.bytes
    if (last > start)
      throw new Error(`its entry ${entry.name} ends at ${last}, past the entries' end at ${start}`)
    entries.push(entry)
    at += CENTRAL + nameBytes
  }
  return entries
}

/** The bytes of an entry, checked. @throws Error with a clause where they are not those that were written */
export async function readZipEntry(file: FileHandle, entry: ZipEntry): Promise<Buffer> {
  const header = localHeader(entry)
  const whole = await readExactly(file, entry.offset, header.length + entry.bytes)
  if (!whole.subarray(0, header.length).equals(header)) {
    throw new Error(`its local header at ${entry.offset} is not the one that was written`)
  }
  const bytes = whole.subarray(header.length)
  if (crc32(bytes) !== entry.crc32) throw new Error('its CRC-32 is not the one that was written')
  return bytes
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read)
    if (bytesRead === 0) throw new Error(`it ends after ${position + read} of ${position + length} bytes`)
    read += bytesRead
  }
  return buffer
}
