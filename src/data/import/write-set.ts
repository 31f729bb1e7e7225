import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { ExperimentError } from '../../experiment/failure.ts'
import { writeSetHeader } from '../images/set-file.ts'
import type { Plan } from './plan.ts'

/** What was written: the file's SHA-256 and size. */
export interface Written {
  readonly sha256: string
  readonly bytes: number
}

/**
 * Writes the file of a set (images/set-file.ts) where no registered set is, and returns once its bytes are on the disk.
 *
 * @param pass takes the images as they pass by
 * @throws DATASET_UNSTORED where the folder does not take it, an Error with a clause where the images are not as announced
 */
export async function writeSet(
  path: string,
  plan: Plan,
  pass: (pixels: Uint8Array) => void,
): Promise<Written> {
  const file = await onDisk(path, () => open(path, 'wx'))
  try {
    const hash = createHash('sha256')
    const declared = plan.count * plan.height * plan.width * plan.channels
    let bytes = await append(file, path, hash, writeSetHeader(plan))
    let pixels = 0
    for await (const images of plan.pixels()) {
      pass(images)
      pixels += await append(file, path, hash, images)
    }
    if (pixels !== declared)
      throw new Error(`its files hold ${pixels} bytes of pixels and announce ${declared}`)
    bytes += pixels
    if (plan.classes) {
      const labels = plan.labels as Uint16Array
      bytes += await append(
        file,
        path,
        hash,
        new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
      )
    }
    await onDisk(path, () => file.sync())
    return { sha256: hash.digest('hex'), bytes }
  } finally {
    await file.close()
  }
}

async function append(file: FileHandle, path: string, hash: Hash, bytes: Uint8Array): Promise<number> {
  hash.update(bytes)
  for (let at = 0; at < bytes.length; ) {
    at += (await onDisk(path, () => file.write(bytes, at))).bytesWritten // a full disk takes a part first
  }
  return bytes.length
}

/** @throws DATASET_UNSTORED where the disk is full or may not be written */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const why = REASONS[(cause as NodeJS.ErrnoException).code ?? '']
    if (why === undefined) throw cause
    throw new ExperimentError('DATASET_UNSTORED', { folder: path, why }, { cause })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of its user is full',
  EFBIG: 'a file may not be so large there',
  EROFS: 'it may only be read',
  EACCES: 'the server may not write there',
  EPERM: 'the server may not write there',
  EIO: 'the disk does not answer',
}
