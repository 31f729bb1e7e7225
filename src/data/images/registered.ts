import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetView } from '../../experiment/dataset-view.ts'
import { checkRange, type ImageSet, type ImageSource, type OpenImageSet, unreadable } from './image-set.ts'
import { parseSetHeader, type SetLayout, setHeaderBytes } from './set-file.ts'

/**
 * Registered sets lie in the artifact folder, so that workers on other hosts read them like everything else:
 *
 *   datasets/<sha256>.safetensors   the images and labels (set-file.ts), named by its own bytes
 *   datasets/<id>.json              what is known of it; the set is there once this file is
 *   datasets/names/<name>           the id of the set of that name
 */
export const datasetsFolder = (artifacts: string) => join(artifacts, 'datasets')
export const namesFolder = (artifacts: string) => join(datasetsFolder(artifacts), 'names')
export const recordPath = (artifacts: string, id: string) => join(datasetsFolder(artifacts), `${id}.json`)
export const contentPath = (artifacts: string, sha256: string) =>
  join(datasetsFolder(artifacts), `${sha256}.safetensors`)

/** What is kept of a set beside its images: all of its view but the names, which may come and go. */
export type DatasetRecord = Omit<DatasetView, 'names'>

const ID = /^d[a-z2-7]{26}$/
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Whether a text has the form of an id. */
export const isDatasetId = (text: string) => ID.test(text)

/** The set of an id or a name, or null where none is registered so. */
export async function findRegistered(artifacts: string, nameOrId: string): Promise<DatasetRecord | null> {
  if (isDatasetId(nameOrId)) return readRecord(artifacts, nameOrId)
  const id = NAME.test(nameOrId) ? await readIfThere(join(namesFolder(artifacts), nameOrId)) : null
  return id === null ? null : readRecord(artifacts, id)
}

/** All registered sets, in no order. */
export async function listRegistered(artifacts: string): Promise<DatasetRecord[]> {
  const files = await readdir(datasetsFolder(artifacts)).catch(() => [])
  const ids = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  const records = await Promise.all(ids.filter(isDatasetId).map((id) => readRecord(artifacts, id)))
  return records.filter((record) => record !== null)
}

async function readRecord(artifacts: string, id: string): Promise<DatasetRecord | null> {
  const text = await readIfThere(recordPath(artifacts, id))
  return text === null ? null : (JSON.parse(text) as DatasetRecord)
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Opens a registered set. @throws DATASET_UNREADABLE where it is not whole */
export function openRegistered(artifacts: string, { id, sha256 }: DatasetRecord): OpenImageSet {
  let file: number | undefined
  try {
    file = openSync(contentPath(artifacts, sha256), 'r')
    return openFile(file, readLayout(file))
  } catch (error) {
    if (file !== undefined) closeSync(file)
    const { code, message } = error as NodeJS.ErrnoException
    throw unreadable(id, code === 'ENOENT' ? 'its file is gone' : message, error)
  }
}

function readLayout(file: number): SetLayout {
  const bytes = setHeaderBytes(readRange(file, 0, 8))
  const layout = parseSetHeader(Buffer.from(readRange(file, 0, bytes)))
  const { size } = fstatSync(file)
  if (size !== layout.fileBytes)
    throw new Error(`its file has ${size} bytes and its header declares ${layout.fileBytes}`)
  return layout
}

function openFile(file: number, layout: SetLayout): OpenImageSet {
  const { count, height, width, channels, classes, pixelsAt, labelsAt, fileBytes } = layout
  const imageBytes = height * width * channels
  const labels = classes === null ? null : readRange(file, labelsAt, fileBytes)
  let isOpen = true
  return {
    shape: [count, height, width, channels],
    classes,
    labels: labels && new Uint16Array(labels.buffer),
    images(from, n) {
      checkRange(from, n, count)
      const start = pixelsAt + from * imageBytes
      return readRange(file, start, start + n * imageBytes)
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

const SLICE = 2 ** 28 // bytes; one read may not take more than 2 GiB

function readRange(file: number, start: number, end: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(end - start))
  for (let at = 0; at < bytes.length; ) {
    const got = readSync(file, bytes, at, Math.min(SLICE, bytes.length - at), start + at)
    if (got === 0) throw new Error(`it ends at ${start + at}`)
    at += got
  }
  return bytes
}

/** A registered set as any other source of images. Its digest is known; loading holds the bytes to it. */
export function registeredImages(artifacts: string, record: DatasetRecord): ImageSource {
  const { id, sha256, count, height, width, channels } = record
  return {
    open: async () => openRegistered(artifacts, record),

    async describe() {
      const set = openRegistered(artifacts, record)
      set.close()
      return { count, height, width, channels, digest: sha256 }
    },
    async load(): Promise<ImageSet> {
      const path = contentPath(artifacts, sha256)
      const set = openRegistered(artifacts, record)
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk)
      if (hash.digest('hex') !== sha256) {
        set.close()
        throw unreadable(id, 'its bytes are not those that were registered; remove it and add it again')
      }
      return { count, height, width, channels, slice: set.images, close: set.close }
    },
  }
}
