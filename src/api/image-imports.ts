import { open, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Draft, ImportOrder } from '../data/import/import-images.ts'
import { Registry } from '../data/import/registry.ts'
import { onDisk } from '../data/import/write-set.ts'
import type { DatasetRequest, DatasetView, ImportProgress, UploadQuery } from '../experiment/dataset-view.ts'
import { ExperimentError, type Facts, type FailureCode } from '../experiment/failure.ts'
import type { ImportData, ImportSaid } from './import-thread.ts'
import type { Limits } from './limits.ts'
import { startThread } from './thread.ts'

/** Who waits for an import. */
export interface Waiter {
  tell(progress: ImportProgress): void
  /** Aborted when he is gone, or the service ends. */
  readonly signal: AbortSignal
}

/** A registered set, and whether this import has registered it. */
export interface Imported {
  readonly dataset: DatasetView
  readonly created: boolean
}

/** Imports that are at work together; each takes a core. */
const AT_ONCE = 2

/**
 * Takes images in: from an upload or a path, through a thread of their own, into the registry. Everything before that is in a
 * folder of the import's own, which goes with it.
 */
export class ImageImports {
  readonly registry: Registry
  readonly #limits: Limits
  readonly #clock: () => number
  readonly #queue: (() => void)[] = []
  #atWork = 0

  constructor(artifacts: string, limits: Limits, clock: () => number) {
    this.registry = new Registry(artifacts)
    this.#limits = limits
    this.#clock = clock
  }

  /** A file or folder on the server. @throws DATASET_REFUSED, DATASET_NAME_TAKEN, DATASET_UNSTORED */
  async fromPath({ path, name, ...wishes }: DatasetRequest, waiter: Waiter): Promise<Imported> {
    const relative = [path, wishes.labels ?? '/'].find((each) => !isAbsolute(each))
    if (relative !== undefined)
      throw new ExperimentError('DATASET_REFUSED', { name: relative, why: 'it is no absolute path' })
    return this.#import(name, waiter, async (folder) => ({ path, name: path, folder, ...wishes }))
  }

  /**
   * A file that comes as a body.
   *
   * @param bytes how many were announced, if they were
   * @throws as `fromPath`, and UPLOAD_TOO_LARGE
   */
  async fromUpload(
    body: Readable,
    bytes: number | null,
    query: UploadQuery,
    waiter: Waiter,
  ): Promise<Imported> {
    const { name, filename = 'upload', format, classes, patchSize: size, ...rest } = query
    const { patchStride: stride, patchCount: count, patchSeed: seed } = rest
    if (size === undefined && (stride ?? count ?? seed) !== undefined) {
      const faults = [{ pointer: '/patchSize', message: 'Patches need a size; give patchSize.' }]
      throw new ExperimentError('SCHEMA_MISMATCH', { faults })
    }
    const patches = size && {
      size,
      ...(stride && { stride }),
      ...(count && { count }),
      ...(seed && { seed }),
    }
    return this.#import(name, waiter, async (folder) => {
      const path = join(folder, 'upload')
      await this.#receive(body, bytes, path, waiter)
      const wishes = { ...(format && { format }), ...(classes && { classes }), ...(patches && { patches }) }
      return { path, name: filename, folder, ...wishes }
    })
  }

  async #import(
    name: string | undefined,
    waiter: Waiter,
    prepare: (folder: string) => Promise<ImportOrder>,
  ): Promise<Imported> {
    if (name !== undefined) await this.registry.checkName(name)
    const folder = await this.registry.workFolder()
    try {
      const order = await prepare(folder)
      const draft = await this.#inTurn(() => runThread({ order, limits: this.#limits.imports }, waiter))
      const createdAt = new Date(this.#clock()).toISOString()
      const { id, created } = await this.registry.commit(draft, name, createdAt)
      return { dataset: await this.registry.find(id), created }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #receive(body: Readable, bytes: number | null, path: string, { tell }: Waiter): Promise<void> {
    const limit = this.#limits.uploadBytes
    if (bytes !== null && bytes > limit) throw new ExperimentError('UPLOAD_TOO_LARGE', { limit })
    const file = await onDisk(path, () => open(path, 'wx'))
    let seen = 0
    try {
      // A body that is destroyed takes the connection with it, and nobody would read why.
      for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        seen += chunk.length
        if (seen > limit) throw new ExperimentError('UPLOAD_TOO_LARGE', { limit })
        await onDisk(path, () => file.writeFile(chunk))
        tell({ phase: 'receiving', fraction: bytes === null ? 0 : seen / bytes })
      }
    } finally {
      await file.close()
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#atWork++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#atWork--
      else next()
    }
  }
}

/** One import in a thread of its own, which ends with whoever waits for it. */
async function runThread(data: ImportData, { tell, signal }: Waiter): Promise<Draft> {
  signal.throwIfAborted()
  const thread = startThread('import-thread', data)
  const stop = () => void thread.terminate()
  signal.addEventListener('abort', stop)
  try {
    return await new Promise<Draft>((resolve, reject) => {
      thread.on('message', (said: ImportSaid) => {
        if ('progress' in said) tell(said.progress)
        else if ('draft' in said) resolve(said.draft)
        else if ('code' in said) reject(new ExperimentError(said.code, said.facts as Facts<FailureCode>))
        else reject(new Error(said.crash))
      })
      thread.once('error', reject)
      thread.once('exit', (code) => reject(new Error(`The import's thread ended with code ${code}.`)))
    })
  } finally {
    signal.removeEventListener('abort', stop)
    await thread.terminate()
  }
}
