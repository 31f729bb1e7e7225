import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ExperimentError } from '../experiment/failure.ts'
import type { NamedTensors } from '../experiment/matrix.ts'
import type { Measurements } from '../experiment/measurement.ts'
import { syncFolder, writeFileSynced } from './atomic-write.ts'
import { leftoverName } from './leftovers.ts'
import { formatMeasurements, parseMeasurements } from './measurements-json.ts'
import { type RunKey, runsPath } from './run-folder.ts'
import { readTensors, writeTensors } from './safetensors.ts'

/**
 * The checkpoint of an attempt, root/<id>/checkpoint-<attempt>.safetensors: all that a run takes to go on from where it
 * was, on any host that shares the folder. It is there whole or not at all, is replaced by the next one, and goes once the run has
 * ended. Its SHA-256 stands in its first text, made with zeros in its place, so that a damaged file is never parsed.
 */
export interface Checkpoint {
  /** Updates done. */
  readonly step: number
  /** Σ learning rate over them. */
  readonly time: number
  /** Of training, over all workers that the run had. */
  readonly wallSeconds: number
  readonly measurements: Measurements
  /** Weights and all else that a step changes, float32. */
  readonly state: NamedTensors
}

/** What the numbers were computed with: engine, device, versions. Others may give other bits. */
export type Maker = Readonly<Record<string, string>>

const VERSION = 1
const FILE = /^\.?checkpoint-(\d+)[.~]/
const ZEROS = '0'.repeat(64)
const DIGEST_AT = 8 + '{"__metadata__":{"sha256":"'.length

/** Puts a checkpoint in the place of an earlier one. What it tells is taken down before this returns. */
export async function writeCheckpoint(
  root: string,
  key: RunKey,
  maker: Maker,
  at: Checkpoint,
): Promise<void> {
  const bytes = bytesOf(key, maker, at)
  const folder = runsPath(root, key.id)
  const made = await mkdir(folder, { recursive: true })
  const temporary = join(folder, leftoverName(`checkpoint-${key.attempt}`))
  try {
    await writeFileSynced(temporary, bytes)
    await rename(temporary, checkpointPath(root, key))
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(folder)
  if (made !== undefined) await syncFolder(root)
}

/**
 * The checkpoint of an attempt, or null where none was written.
 *
 * @throws ARTIFACT_DAMAGED where it is not whole, is of another version or another run, or was made with something else
 */
export async function readCheckpoint(root: string, key: RunKey, maker: Maker): Promise<Checkpoint | null> {
  const path = checkpointPath(root, key)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  return bytes && parse(bytes, key, maker)
}

/** Removes the checkpoint of an attempt, those of earlier ones, and what dead writers left of them. May be called twice. */
export async function dropCheckpoint(root: string, { id, attempt }: RunKey): Promise<void> {
  const folder = runsPath(root, id)
  const names = await readdir(folder).catch(unless('ENOENT'))
  if (names === undefined) return
  const own = names.filter((name) => Number(FILE.exec(name)?.[1] ?? Number.NaN) <= attempt)
  for (const name of own) await rm(join(folder, name), { force: true })
  // A run whose files lie in a pack had this folder for its checkpoint alone.
  if (own.length === names.length) await rmdir(folder).catch(unless('ENOENT', 'ENOTEMPTY', 'EEXIST'))
}

function unless(...codes: readonly string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}

function checkpointPath(root: string, { id, attempt }: RunKey): string {
  return join(runsPath(root, id), `checkpoint-${attempt}.safetensors`)
}

function bytesOf({ id, attempt }: RunKey, maker: Maker, at: Checkpoint): Uint8Array {
  const { step, time, wallSeconds, measurements, state } = at
  const texts = {
    sha256: ZEROS,
    checkpoint: JSON.stringify({ version: VERSION, id, attempt, step, time, wallSeconds }),
    maker: told(maker),
    measurements: formatMeasurements(measurements),
  }
  const bytes = Buffer.from(writeTensors(Object.entries(state), texts).buffer)
  bytes.write(sha256(bytes), DIGEST_AT, 'latin1')
  return bytes
}

function parse(bytes: Buffer, key: RunKey, maker: Maker): Checkpoint {
  const name = `checkpoint-${key.attempt}.safetensors`
  const refuse = (why: string): never => {
    throw new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  }
  const digest = bytes.toString('latin1', DIGEST_AT, DIGEST_AT + ZEROS.length)
  const isWhole = digest.length === ZEROS.length && bytes.write(ZEROS, DIGEST_AT) && sha256(bytes) === digest
  if (!isWhole) refuse('its SHA-256 is not the one that was written')
  const { metadata, names, float32 } = readTensors(bytes, name)
  const { version, id, attempt, step, time, wallSeconds } = JSON.parse(metadata.checkpoint ?? '{}')
  if (version !== VERSION) refuse(`it is of version ${version}, and this program knows version ${VERSION}`)
  if (id !== key.id || attempt !== key.attempt) refuse(`it tells of ${id}, attempt ${attempt}`)
  if (metadata.maker !== told(maker)) refuse(`it was made with ${metadata.maker}, and here is ${told(maker)}`)
  const measurements = parseMeasurements(metadata.measurements ?? '')
  const state = Object.fromEntries(names.map((each) => [each, float32(each)]))
  return { step, time, wallSeconds, measurements, state }
}

function told(maker: Maker): string {
  const sorted = Object.entries(maker).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([name, value]) => `${name} ${value}`).join(', ')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
