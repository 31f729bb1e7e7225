import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ExperimentError } from '../experiment/failure.ts'
import type { Manifest } from '../experiment/measurement.ts'
import { syncFolder } from './atomic-write.ts'
import { clearLeftovers, leftoverName } from './leftovers.ts'
import type { RunFiles, RunKey } from './run-folder.ts'
import { type RunRecord, readRecordBytes, readRecordManifest, writeRecord } from './run-record.ts'
import { readZipDirectory, readZipEntry, type ZipEntry, ZipWriter } from './zip.ts'

/**
 * Runs that were trained together lie together: root/packs/<cohort>/<n>-<uuid>.zip, a plain zip with a record
 * <id>.<attempt>.safetensors for each run, so that thousands of runs cost a handful of files and syncs. A pack is written
 * under another name, synced and renamed once whole. Two workers may write the same runs (one of them lost its lease):
 * the same experiment gives the same numbers, and the latest readable record counts.
 */
const PACK = /^(\d+)-[0-9a-f-]+\.zip$/

/**
 * Writes runs of a cohort into one pack, or into several where a zip cannot hold them all.
 *
 * @param mostBytes of a pack, where that is less than a zip can hold
 * @returns their manifests, in order
 */
export async function writePack(
  root: string,
  cohort: string,
  runs: readonly { readonly key: RunKey; readonly files: RunFiles }[],
  mostBytes?: number,
): Promise<Manifest[]> {
  if (runs.length === 0) return []
  const folder = packsPath(root, cohort)
  await mkdir(folder, { recursive: true })
  const manifests: Manifest[] = []
  let pack = await beginPack(folder, mostBytes)
  try {
    await clearLeftovers(folder, pack.path)
    for (const { key, files } of runs) {
      const { bytes, manifest } = writeRecord(files)
      const name = entryName(key)
      if (!pack.zip.fits(name, bytes.length)) {
        await finishPack(pack, folder)
        pack = await beginPack(folder, mostBytes)
      }
      await pack.zip.add(name, bytes)
      manifests.push(manifest)
    }
    await finishPack(pack, folder)
  } finally {
    await pack.file.close()
    await rm(pack.path, { force: true })
  }
  for (const made of [folder, dirname(folder), root]) await syncFolder(made) // costs little where nothing is new
  return manifests
}

async function beginPack(folder: string, mostBytes: number | undefined) {
  const path = join(folder, leftoverName('writing'))
  const file = await open(path, 'wx')
  return { path, file, zip: new ZipWriter(file, mostBytes) }
}

async function finishPack({ path, file, zip }: Awaited<ReturnType<typeof beginPack>>, folder: string) {
  await zip.finish()
  await file.sync()
  await file.close()
  const number = (await packNames(folder)).length + 1
  await rename(path, join(folder, `${number}-${randomUUID()}.zip`))
}

/** The packs of a cohort, open for reading. What is written after they were opened is not seen. */
export interface Packs {
  /** The manifests of all runs whose records are whole, by `<id>.<attempt>`; the others are left out, to be made anew. */
  manifests(): Promise<Map<string, Manifest>>
  /** A run's record, or null where no pack holds it. @throws ARTIFACT_DAMAGED */
  read(key: RunKey): Promise<RunRecord | null>
  /** May be called twice. */
  close(): Promise<void>
}

/**
 * Opens the packs of a cohort: each one's directory is read when it is looked into, the latest first, for what is asked for
 * is mostly new. A cohort that has none yet holds no runs.
 */
export async function openPacks(root: string, cohort: string): Promise<Packs> {
  const folder = packsPath(root, cohort)
  const names = (await packNames(folder)).reverse()
  const packs = new Map<string, Promise<Pack>>()
  const packAt = (name: string): Promise<Pack> => {
    const pack = packs.get(name) ?? openPack(folder, name)
    packs.set(name, pack)
    return pack
  }
  const readBy = async <T>(key: RunKey, parse: (bytes: Buffer, key: RunKey, name: string) => T) => {
    const wanted = entryName(key)
    let failure: unknown = null
    for (const name of names) {
      const { file, entries, damage } = await packAt(name)
      const entry = entries.get(wanted)
      failure ??= damage
      if (entry === undefined) continue
      try {
        const bytes = await orDamaged(wanted, () => readZipEntry(file, entry))
        return parse(bytes, key, wanted)
      } catch (error) {
        failure = error
      }
    }
    if (failure !== null) throw failure
    return null
  }
  return {
    read: (key) => readBy(key, readRecordBytes),
    manifests: async () => {
      const manifests = new Map<string, Manifest>()
      for (const pack of names) {
        for (const entry of (await packAt(pack)).entries.keys()) {
          const key = keyOf(entry)
          if (key === null || manifests.has(`${key.id}.${key.attempt}`)) continue
          const manifest = await readBy(key, readRecordManifest).catch(unlessDamaged)
          if (manifest !== null) manifests.set(`${key.id}.${key.attempt}`, manifest)
        }
      }
      return manifests
    },
    close: async () => {
      const opened = await Promise.allSettled(packs.values())
      packs.clear()
      for (const pack of opened) if (pack.status === 'fulfilled') await pack.value.file.close()
    },
  }
}

interface Pack {
  readonly file: FileHandle
  readonly entries: ReadonlyMap<string, ZipEntry>
  /** Why the entries are not known, or null. */
  readonly damage: unknown
}

async function openPack(folder: string, name: string): Promise<Pack> {
  const file = await open(join(folder, name), 'r')
  try {
    const entries = await orDamaged(name, () => readZipDirectory(file))
    return { file, entries: new Map(entries.map((entry) => [entry.name, entry])), damage: null }
  } catch (damage) {
    if (isDamage(damage)) return { file, entries: new Map(), damage }
    await file.close()
    throw damage
  }
}

/** What a zip says of its damage, as ours; an error of the system, such as too many open files, is none. */
async function orDamaged<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException
    if (code !== undefined && code !== 'EIO') throw cause
    throw new ExperimentError('ARTIFACT_DAMAGED', { name, why: message }, { cause })
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED'
}

function unlessDamaged(error: unknown): null {
  if (isDamage(error)) return null
  throw error
}

/** The packs in a folder, in the order in which they were written. */
async function packNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const numberOf = (name: string) => Number(PACK.exec(name)?.[1])
  return names.filter((name) => PACK.test(name)).sort((a, b) => numberOf(a) - numberOf(b) || (a < b ? -1 : 1))
}

function packsPath(root: string, cohort: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,99}$/.test(cohort)) throw new RangeError(`${cohort} is no name of a cohort.`)
  return join(root, 'packs', cohort)
}

function entryName({ id, attempt }: RunKey): string {
  return `${id}.${attempt}.safetensors`
}

function keyOf(name: string): RunKey | null {
  const [, id, attempt] = /^([a-z0-9-]+)\.(\d+)\.safetensors$/.exec(name) ?? []
  return id === undefined ? null : { id, attempt: Number(attempt) }
}
