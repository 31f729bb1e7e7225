import { constants } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { locateEntry, readZipEntries } from '../images/zip.ts'
import { checkedEntry, deflatedEntry, type Entry, fileEntry, gunzipped } from './entry.ts'
import type { ImportLimits } from './limits.ts'
import { isTar, readTar } from './tar.ts'

/** The files that a path stands for: itself, those of a folder, those inside a zip or tar archive; gzip is undone. */
export interface Opened {
  readonly entries: readonly Entry[]
  readonly isNpz: boolean
}

/**
 * @param name what the user calls the path
 * @param folder takes what has to be unpacked
 * @throws Error with a clause
 */
export async function openEntries(
  path: string,
  name: string,
  folder: string,
  limits: ImportLimits,
): Promise<Opened> {
  if ((await stat(path)).isDirectory()) return tidy(await filesBelow(path, limits), folder, limits)
  const { size, head } = await glance(path)
  const plain = fileEntry(name, path, size)
  if (isGzip(head)) {
    const target = join(folder, 'unpacked')
    const unpacked = await gunzipped(plain, target, limits.unpackedBytes)
    return openPlain(unpacked, target, folder, limits)
  }
  return openPlain(plain, path, folder, limits)
}

/** A file that is not gzipped. */
async function openPlain(entry: Entry, path: string, folder: string, limits: ImportLimits): Promise<Opened> {
  const head = await entry.head(512)
  if (head.length >= 4 && head.readUInt32LE(0) === 0x04034b50) {
    const entries = await withFile(path, (file) => zipEntries(file, path, entry.bytes, limits))
    const isNpz = entries.length > 0 && entries.every(({ name }) => name.endsWith('.npy'))
    return isNpz ? { entries, isNpz } : tidy(entries, folder, limits)
  }
  if (isTar(head)) {
    const files = await withFile(path, (file) => readTar(file, entry.bytes, limits.files))
    const entries = files.map(({ name, start, bytes }) => fileEntry(name, path, bytes, start))
    return tidy(entries, folder, limits)
  }
  return { entries: [entry], isNpz: false }
}

async function zipEntries(file: FileHandle, path: string, size: number, limits: ImportLimits) {
  const listed = (await readZipEntries(file, size)).filter(({ name }) => !name.endsWith('/'))
  if (listed.length > limits.files) throw new Error(`it holds over ${limits.files} files`)
  const total = listed.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > limits.unpackedBytes) {
    throw new Error(`it declares ${total} bytes unpacked, over the limit of ${limits.unpackedBytes}`)
  }
  const entries: Entry[] = []
  for (const entry of listed) {
    const { start } = await locateEntry(file, entry, size)
    const stored = fileEntry(entry.name, path, entry.bytes, start)
    if (!entry.deflated && entry.packedBytes !== entry.bytes)
      throw new Error(
        `its entry ${entry.name} is stored in ${entry.packedBytes} bytes and declares ${entry.bytes}`,
      )
    entries.push(
      entry.deflated ? deflatedEntry(path, { ...entry, start }) : checkedEntry(stored, entry.crc32),
    )
  }
  return entries
}

const MAX_DEPTH = 8

/** The plain files of a folder; links to files are followed, links to folders are not. */
async function filesBelow(root: string, limits: ImportLimits): Promise<Entry[]> {
  const entries: Entry[] = []
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new Error(`its folders are nested deeper than ${MAX_DEPTH}`)
    for (const found of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, found.name)
      const name = relative(root, path).split(sep).join('/')
      if (isJunk(name)) continue
      if (found.isDirectory()) await visit(path, depth + 1)
      else {
        const status = await stat(path)
        if (status.isFile()) entries.push(fileEntry(name, path, status.size))
        else if (!status.isDirectory()) throw new Error(`${name} is not a plain file`)
      }
      if (entries.length > limits.files) throw new Error(`it holds over ${limits.files} files`)
    }
  }
  await visit(root, 1)
  return entries
}

/** Sorted by name, without what systems leave behind and without a folder that holds all; gzipped ones unpacked. */
async function tidy(found: readonly Entry[], folder: string, limits: ImportLimits): Promise<Opened> {
  const named = found
    .map((entry) => ({ ...entry, name: entry.name.replace(/^(\.?\/)+/, '') }))
    .filter(({ name }) => !isJunk(name))
  if (named.length === 0) throw new Error('it holds no files')
  const root = commonFolder(named.map(({ name }) => name))
  const entries: Entry[] = []
  for (const [i, entry] of named.entries()) {
    const short = { ...entry, name: entry.name.slice(root.length) }
    const gzipped = /\.gz$/i.test(entry.name) && isGzip(await entry.head(2))
    const target = join(folder, `unpacked-${i}`)
    entries.push(gzipped ? await gunzipped(short, target, limits.unpackedBytes) : short)
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { entries, isNpz: false }
}

/** The folders, with a slash at the end, in which all of the files lie. */
function commonFolder(names: readonly string[]): string {
  let root = names[0]!.slice(0, names[0]!.lastIndexOf('/') + 1)
  while (root !== '' && !names.every((name) => name.startsWith(root))) {
    root = root.slice(0, root.lastIndexOf('/', root.length - 2) + 1)
  }
  return root
}

const isJunk = (name: string) => /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/.test(name)
const isGzip = (head: Buffer) => head[0] === 0x1f && head[1] === 0x8b

async function glance(path: string): Promise<{ size: number; head: Buffer }> {
  return withFile(path, async (file) => {
    const status = await file.stat()
    if (!status.isFile()) throw new Error('it is not a plain file')
    if (status.size === 0) throw new Error('it has 0 bytes')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return { size: status.size, head: buffer.subarray(0, bytesRead) }
  })
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  // A pipe without a writer holds up whoever opens it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
