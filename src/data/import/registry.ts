import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeFileSynced } from '../../artifacts/atomic-write.ts'
import { clearLeftovers, leftoverName } from '../../artifacts/leftovers.ts'
import type { DatasetView } from '../../experiment/dataset-view.ts'
import { ExperimentError, type FieldFault } from '../../experiment/failure.ts'
import { DATASET_NAMES } from '../images/datasets.ts'
import {
  contentPath,
  type DatasetRecord,
  datasetsFolder,
  findRegistered,
  isDatasetId,
  listRegistered,
  namesFolder,
  recordPath,
} from '../images/registered.ts'
import type { Draft } from './import-images.ts'
import { onDisk } from './write-set.ts'

/**
 * The writer's side of the registered sets (images/registered.ts has the readers'): one process writes, changes are made one
 * after the other, and a set appears whole, by the rename of its record.
 */
export class Registry {
  readonly #artifacts: string
  #last: Promise<unknown> = Promise.resolve()

  constructor(artifacts: string) {
    this.#artifacts = artifacts
  }

  /** Makes a folder for one import on the registry's disk, and clears what imports that died have left. */
  async workFolder(): Promise<string> {
    const root = datasetsFolder(this.#artifacts)
    return onDisk(root, async () => {
      await mkdir(namesFolder(this.#artifacts), { recursive: true })
      const folder = join(root, leftoverName('import'))
      await mkdir(folder)
      await clearLeftovers(root, folder)
      return folder
    })
  }

  /** @throws SPEC_INVALID for a name that has a meaning already, DATASET_NAME_TAKEN where another set has it */
  async checkName(name: string, id?: string): Promise<void> {
    const reserved = (DATASET_NAMES as readonly string[]).includes(name) || isDatasetId(name)
    if (reserved) {
      const message = `The name ${name} has a meaning of its own; choose another.`
      const faults: FieldFault[] = [{ pointer: '/name', message }]
      throw new ExperimentError('SPEC_INVALID', { faults })
    }
    const owner = await findRegistered(this.#artifacts, name)
    if (owner !== null && owner.id !== id) {
      throw new ExperimentError('DATASET_NAME_TAKEN', { name, id: owner.id })
    }
  }

  /**
   * Registers a draft; where the same content is registered already, the draft is left where it lies and the name is added.
   *
   * @param createdAt RFC 3339
   */
  commit(
    draft: Draft,
    name: string | undefined,
    createdAt: string,
  ): Promise<{ id: string; created: boolean }> {
    return this.#inTurn(async () => {
      const { id, sha256 } = draft.record
      if (name !== undefined) await this.checkName(name, id)
      const created = (await findRegistered(this.#artifacts, id)) === null
      const root = datasetsFolder(this.#artifacts)
      await onDisk(root, async () => {
        if (created) {
          await rename(draft.file, contentPath(this.#artifacts, sha256))
          await syncFolder(root)
          const record: DatasetRecord = { ...draft.record, createdAt }
          await this.#place(draft, JSON.stringify(record), recordPath(this.#artifacts, id))
        }
        if (name !== undefined) await this.#place(draft, id, join(namesFolder(this.#artifacts), name))
        await syncFolder(namesFolder(this.#artifacts))
        await syncFolder(root)
      }).catch(async (error) => {
        if (created) await this.#erase(id, sha256)
        throw error
      })
      return { id, created }
    })
  }

  /** Takes a set and its names away. @throws DATASET_UNKNOWN */
  remove(nameOrId: string): Promise<DatasetView> {
    return this.#inTurn(async () => {
      const view = await this.find(nameOrId)
      await this.#erase(view.id, view.sha256)
      for (const name of view.names) await rm(join(namesFolder(this.#artifacts), name), { force: true })
      return view
    })
  }

  /** @throws DATASET_UNKNOWN */
  async find(nameOrId: string): Promise<DatasetView> {
    const record = await findRegistered(this.#artifacts, nameOrId)
    if (record === null) throw new ExperimentError('DATASET_UNKNOWN', { id: nameOrId })
    const names = await this.#names()
    return { ...record, names: names.get(record.id) ?? [] }
  }

  /** All sets, the newest first. */
  async list(): Promise<DatasetView[]> {
    const [records, names] = [await listRegistered(this.#artifacts), await this.#names()]
    const views = records.map((record) => ({ ...record, names: names.get(record.id) ?? [] }))
    return views.sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1))
  }

  /** Names by set. */
  async #names(): Promise<Map<string, string[]>> {
    const folder = namesFolder(this.#artifacts)
    const names = new Map<string, string[]>()
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      const id = await readFile(join(folder, name), 'utf8').catch(() => '')
      names.set(id, [...(names.get(id) ?? []), name])
    }
    return names
  }

  /** A file that is there whole or not at all; a name that a removed set has left is taken over. */
  async #place(draft: Draft, text: string, path: string): Promise<void> {
    const temporary = `${draft.file}.${path.endsWith('.json') ? 'record' : 'name'}`
    await writeFileSynced(temporary, Buffer.from(text))
    await rename(temporary, path)
  }

  /** The record goes first: without it there is no set. */
  async #erase(id: string, sha256: string): Promise<void> {
    await rm(recordPath(this.#artifacts, id), { force: true })
    await rm(contentPath(this.#artifacts, sha256), { force: true })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
