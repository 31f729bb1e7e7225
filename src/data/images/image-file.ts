import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { crc32, createGunzip, createInflateRaw } from 'node:zlib'
import { Collector, type ParseHeader } from './collector.ts'
import { parseIdxHeader } from './idx.ts'
import { type ImageSet, type ImageSource, MAX_IMAGE_BYTES, unreadable } from './image-set.ts'
import { parseNpyHeader } from './npy.ts'
import { locateEntry, readZipEntries } from './zip.ts'

/** Images in an IDX file, gzipped or not, or in an npz archive; told apart by their first bytes. */
export function imageFile(dataset: string, path: string): ImageSource {
  return {
    async describe() {
      const hash = createHash('sha256')
      const { count, height, width, channels } = await readImages(dataset, path, false, hash)
      return { count, height, width, channels, digest: hash.digest('hex') }
    },
    load: () => readImages(dataset, path, true, null),
  }
}

async function readImages(
  dataset: string,
  path: string,
  keep: boolean,
  hash: Hash | null,
): Promise<ImageSet> {
  let file: FileHandle | undefined
  try {
    // A pipe without a writer holds up whoever opens it, and with him one of the process's few file threads.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!status.isFile()) throw new Error('it is not a plain file')
    if (status.size === 0) throw new Error('it has 0 bytes')
    if (status.size > MAX_IMAGE_BYTES)
      throw new Error(`its ${status.size} bytes are over the limit of ${MAX_IMAGE_BYTES}`)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    if (bytesRead < 4) throw new Error(`it has ${bytesRead} bytes`)
    if (buffer.readUInt32LE(0) === 0x04034b50) return await readNpz(file, status.size, keep, hash)
    return await readIdx(file, buffer.readUInt16LE(0) === 0x8b1f, keep, hash)
  } catch (error) {
    throw unreadable(dataset, clause(error), error)
  } finally {
    await file?.close()
  }
}

async function readIdx(
  file: FileHandle,
  gzipped: boolean,
  keep: boolean,
  hash: Hash | null,
): Promise<ImageSet> {
  const collector = new Collector(parseIdxHeader, keep)
  const consume = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) collector.push(chunk)
  }
  const bytes = chunksOf(file, 0, undefined, hash)
  await (gzipped ? pipeline(bytes, createGunzip({ chunkSize: 2 ** 18 }), consume) : consume(bytes))
  return collector.end()
}

async function readNpz(
  file: FileHandle,
  fileBytes: number,
  keep: boolean,
  hash: Hash | null,
): Promise<ImageSet> {
  const entry = chooseArray(await readZipEntries(file, fileBytes))
  const { start, end } = await locateEntry(file, entry, fileBytes)
  if (hash) for await (const _ of chunksOf(file, 0, undefined, hash)); // the whole archive, not one entry
  const parse: ParseHeader = (head) => parseNpyHeader(head)
  const collector = new Collector(parse, keep)
  let checksum = 0
  const consume = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      checksum = crc32(chunk, checksum)
      collector.push(chunk)
    }
  }
  const bytes = chunksOf(file, start, end, null)
  await (entry.deflated ? pipeline(bytes, createInflateRaw({ chunkSize: 2 ** 18 }), consume) : consume(bytes))
  const images = collector.end()
  if (checksum !== entry.crc32)
    throw new Error(`its array ${entry.name} is damaged: the checksum does not match`)
  return images
}

const USUAL_NAMES = ['images', 'x_train', 'train_images', 'x', 'X', 'data']

/** The array of an archive that holds the images. @throws Error with a clause where none stands out */
export function chooseArray<T extends { readonly name: string }>(entries: readonly T[]): T {
  const arrays = entries.filter((entry) => entry.name.endsWith('.npy'))
  if (arrays.length === 1) return arrays[0]!
  const named = USUAL_NAMES.flatMap((name) => arrays.filter((entry) => entry.name === `${name}.npy`))
  if (named[0]) return named[0]
  const found = arrays.map((entry) => entry.name.slice(0, -4)).join(', ') || 'no arrays'
  throw new Error(`it holds ${found}; name the images ${USUAL_NAMES.join(', ')}, or keep one array`)
}

async function* chunksOf(file: FileHandle, start: number, end: number | undefined, hash: Hash | null) {
  const range = end === undefined ? {} : { end: end - 1 }
  if (end !== undefined && end <= start) return
  const options = { start, ...range, autoClose: false, highWaterMark: 2 ** 18 }
  for await (const chunk of file.createReadStream(options)) {
    hash?.update(chunk)
    yield chunk as Buffer
  }
}

/** What went wrong, as a clause for "Image set … cannot be read: …". */
function clause(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'the server may not read it'
  if (code === 'Z_BUF_ERROR') return 'its compressed bytes are truncated'
  if (code === 'Z_DATA_ERROR') return `its compressed bytes are damaged (${message})`
  return message
}
