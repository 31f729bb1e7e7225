import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { DatasetRequest, DatasetView, ImportProgress } from '../experiment/dataset-view.ts'
import { type ApiClient, ApiError, CommandError, type Problem } from './client.ts'
import { eventMessages } from './event-messages.ts'
import { ProgressBar } from './progress-bar.ts'
import { filesIn, type Packed, tarBytes, tarOf } from './tar-stream.ts'

/** A set that was added, or was there before. */
export interface Added {
  readonly dataset: DatasetView
  readonly created: boolean
}

type Wishes = Omit<DatasetRequest, 'path' | 'labels'>

/** Asks the service to read a path of its own. @throws ApiError */
export function addOnServer(client: ApiClient, request: DatasetRequest): Promise<Added> {
  return send(client, '/v1/datasets', request.path, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
}

/**
 * Sends a file, a file with its labels, or a folder, and follows what becomes of it with a bar on standard error. A folder
 * and a pair go as one tar archive, made on the way.
 *
 * @throws ApiError, or CommandError where the path cannot be read
 */
export async function upload(
  client: ApiClient,
  path: string,
  labels: string | undefined,
  wishes: Wishes,
): Promise<Added> {
  const bar = new ProgressBar(process.stderr, basename(path))
  const { bytes, chunks } = await bodyOf(path, labels)
  let sent = 0
  async function* counted() {
    for await (const chunk of chunks) {
      sent += chunk.length
      bar.draw({
        state: 'uploading',
        progress: { fraction: sent / bytes, etaSeconds: null },
        count: megabytes(bytes),
      })
      yield chunk
    }
  }
  const query = queryOf(basename(resolve(path)), wishes)
  const init = {
    headers: { 'content-type': 'application/octet-stream' },
    body: Readable.toWeb(Readable.from(counted())) as unknown as ReadableStream,
    duplex: 'half',
  } as const
  return send(client, `/v1/datasets?${query}`, basename(path), init, bar)
}

interface Body {
  readonly bytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

async function bodyOf(path: string, labels: string | undefined): Promise<Body> {
  const status = await statOf(path)
  const isFolder = status.isDirectory()
  if (!isFolder && labels === undefined) return { bytes: status.size, chunks: createReadStream(path) }
  const files: Packed[] = isFolder
    ? await filesIn(path)
    : [{ name: basename(path), path, bytes: status.size }]
  if (labels !== undefined)
    files.push({ name: basename(labels), path: labels, bytes: (await statOf(labels)).size })
  if (files.length === 0) throw new CommandError(`${path} holds no files.`)
  return { bytes: tarBytes(files), chunks: tarOf(files) }
}

function statOf(path: string) {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      `${path} cannot be read (${cause.code}); name a file or a folder, or use --on-server for one there.`,
      { cause },
    )
  })
}

function queryOf(filename: string, { name, format, classes, patches }: Wishes): URLSearchParams {
  const fields = {
    name,
    filename: filename.slice(-255),
    format,
    classes,
    patchSize: patches?.size,
    patchStride: patches?.stride,
    patchCount: patches?.count,
    patchSeed: patches?.seed,
  }
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))
}

async function send(
  client: ApiClient,
  path: string,
  label: string,
  init: RequestInit,
  bar = new ProgressBar(process.stderr, label),
): Promise<Added> {
  const headers = { ...init.headers, accept: 'text/event-stream' }
  try {
    const reply = await client.fetch(path, { ...init, method: 'POST', headers })
    for await (const { type, data } of eventMessages(reply)) {
      if (type === 'progress') drawProgress(bar, data as ImportProgress)
      if (type === 'problem') throw new ApiError(data as Problem)
      if (type === 'dataset') return data as Added
    }
    throw new CommandError('The service ended before the image set was registered; add it again.')
  } finally {
    bar.end()
  }
}

function drawProgress(bar: ProgressBar, { phase, fraction }: ImportProgress): void {
  if (phase !== 'receiving') bar.draw({ state: phase, progress: { fraction, etaSeconds: null }, count: '' })
}

/** 47.0 MB */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
