import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ExperimentError } from '../experiment/failure.ts'
import type { RunWeights } from '../experiment/matrix.ts'
import type { ArtifactFile, Manifest, Measurements } from '../experiment/measurement.ts'
import type { ResolvedSpec } from '../experiment/resolve.ts'
import { syncFolder, writeFileSynced } from './atomic-write.ts'
import { measuredColumns } from './column.ts'
import { fingerprintOf } from './fingerprint.ts'
import { clearLeftovers, leftoverName } from './leftovers.ts'
import { formatMeasurements, parseMeasurements } from './measurements-json.ts'
import { writeParquet } from './parquet.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

/**
 * The folder of a run, root/<id>/<attempt>: spec.json, measurements.json, trajectory.parquet,
 * weights.safetensors and manifest.json, which lists size and SHA-256 of the others. All are written and
 * synced into a folder beside it that is renamed once whole, so a run folder is there entirely or not at
 * all, whoever dies when.
 */
export interface RunKey {
  readonly id: string
  readonly attempt: number
}

export interface RunFiles {
  readonly spec: ResolvedSpec
  readonly measurements: Measurements
  readonly weights: RunWeights
  readonly manifest: Omit<Manifest, 'files' | 'fingerprint' | 'manifest'>
}

/**
 * Writes the run's files. The first writer of an attempt wins: where a whole run is there already, it is
 * left alone and its manifest returned, for the same experiment gives the same numbers. A damaged one is
 * replaced.
 *
 * @returns the manifest that is now on disk
 */
export async function writeRun(root: string, key: RunKey, files: RunFiles): Promise<Manifest> {
  const parent = runsPath(root, key.id)
  const target = attemptPath(root, key.id, key.attempt)
  await mkdir(parent, { recursive: true })
  const temporary = join(parent, leftoverName(`writing-${key.attempt}`))
  await mkdir(temporary)
  try {
    await clearLeftovers(parent, temporary)
    const manifest = await writeFiles(temporary, files)
    await syncFolder(temporary)
    const standing = await moveIntoPlace(root, key, temporary, target)
    await syncFolder(parent)
    await syncFolder(root)
    return standing ?? manifest
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** The public files of a run beside its manifest, by name, in the order in which the manifest lists them. */
export const PUBLIC_FILES: Readonly<Record<string, (run: Omit<RunFiles, 'manifest'>) => Uint8Array>> = {
  'spec.json': ({ spec }) => json(spec),
  'measurements.json': ({ measurements }) => new TextEncoder().encode(formatMeasurements(measurements)),
  'trajectory.parquet': ({ measurements }) => writeParquet(measuredColumns(measurements)),
  'weights.safetensors': ({ weights }) => writeSafetensors(weights),
}

/** A file as manifests list it. */
export function listedFile(name: string, bytes: Uint8Array): ArtifactFile {
  return { name, bytes: bytes.length, sha256: sha256(bytes) }
}

async function writeFiles(folder: string, files: RunFiles): Promise<Manifest> {
  const listed: ArtifactFile[] = []
  for (const [name, format] of Object.entries(PUBLIC_FILES)) {
    const bytes = format(files)
    await writeFileSynced(join(folder, name), bytes)
    listed.push(listedFile(name, bytes))
  }
  const fingerprint = fingerprintOf(files.measurements, files.weights)
  const manifest: Manifest = { manifest: 1, ...files.manifest, fingerprint, files: listed }
  await writeFileSynced(join(folder, 'manifest.json'), json(manifest))
  return manifest
}

/** @returns the manifest of the run that was there first, or null where ours took the place */
async function moveIntoPlace(
  root: string,
  key: RunKey,
  temporary: string,
  target: string,
): Promise<Manifest | null> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(temporary, target)
      return null
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (attempt === 3 || (code !== 'ENOTEMPTY' && code !== 'EEXIST')) throw error
    }
    const standing = await wholeRun(root, key)
    if (standing !== null) return standing
    const damaged = join(runsPath(root, key.id), leftoverName(`damaged-${key.attempt}`))
    await rename(target, damaged).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error // another writer has cleared it
    })
    await rm(damaged, { recursive: true, force: true })
  }
}

async function wholeRun(root: string, { id, attempt }: RunKey): Promise<Manifest | null> {
  try {
    return await verifyRun(root, id, attempt)
  } catch (error) {
    if (error instanceof ExperimentError && error.code === 'ARTIFACT_DAMAGED') return null
    throw error
  }
}

/**
 * The manifest of an attempt, or null where none was written.
 *
 * @throws ARTIFACT_DAMAGED where it cannot be read or tells of another run
 */
export async function readManifest(root: string, id: string, attempt: number): Promise<Manifest | null> {
  const bytes = await readFileOrNull(join(attemptPath(root, id, attempt), 'manifest.json'))
  if (bytes === null) return null
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name: 'manifest.json', why })
  let manifest: Manifest
  try {
    manifest = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw damaged('it is not JSON')
  }
  if (manifest?.manifest !== 1 || !Array.isArray(manifest.files))
    throw damaged('it is no manifest of version 1')
  if (manifest.id !== id || manifest.attempt !== attempt) {
    throw damaged(`it tells of ${manifest.id}, attempt ${manifest.attempt}`)
  }
  return manifest
}

/** What the worker saw. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readMeasurements(root: string, id: string, attempt: number): Promise<Measurements> {
  const bytes = await readArtifact(root, id, attempt, 'measurements.json')
  return parseMeasurements(bytes.toString('utf8'))
}

/** The final weights. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readWeights(root: string, id: string, attempt: number): Promise<RunWeights> {
  return readSafetensors(await readArtifact(root, id, attempt, 'weights.safetensors'))
}

/** The bytes of a listed file, checked against the manifest. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function readArtifact(root: string, id: string, attempt: number, name: string): Promise<Buffer> {
  const manifest = await readManifest(root, id, attempt)
  const listed = manifest?.files.find((file) => file.name === name)
  if (listed === undefined) throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name })
  return await checkedBytes(root, id, attempt, listed)
}

/** The manifest, where every file that it lists is there and has its size, which costs no reading. @throws ARTIFACT_DAMAGED */
export async function sizedManifest(root: string, id: string, attempt: number): Promise<Manifest | null> {
  const manifest = await readManifest(root, id, attempt)
  for (const { name, bytes } of manifest?.files ?? []) {
    const found = await stat(artifactPath(root, id, attempt, name)).catch(() => null)
    const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
    if (found === null) throw damaged('it is missing')
    if (found.size !== bytes) throw damaged(`it has ${found.size} bytes, ${bytes} were written`)
  }
  return manifest
}

/** Reads every file of an attempt and checks it. @throws ARTIFACT_DAMAGED naming the first bad one */
export async function verifyRun(root: string, id: string, attempt: number): Promise<Manifest> {
  const manifest = await readManifest(root, id, attempt)
  if (manifest === null)
    throw new ExperimentError('ARTIFACT_DAMAGED', { name: 'manifest.json', why: 'it is missing' })
  for (const listed of manifest.files) await checkedBytes(root, id, attempt, listed)
  return manifest
}

async function checkedBytes(
  root: string,
  id: string,
  attempt: number,
  listed: ArtifactFile,
): Promise<Buffer> {
  const { name } = listed
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name, why })
  const bytes = await readFileOrNull(artifactPath(root, id, attempt, name))
  if (bytes === null) throw damaged('it is missing')
  if (bytes.length !== listed.bytes)
    throw damaged(`it has ${bytes.length} bytes, ${listed.bytes} were written`)
  if (sha256(bytes) !== listed.sha256) throw damaged('its SHA-256 is not the one that was written')
  return bytes
}

/**
 * Where a file of an attempt lies. Names come from users, so nothing but a plain file name passes.
 *
 * @throws JOB_UNKNOWN, ARTIFACT_UNKNOWN where id or name is none that a run could have
 */
export function artifactPath(root: string, id: string, attempt: number, name: string): string {
  if (!/^[a-z0-9][a-z0-9-]*(\.[a-z0-9]+)+$/.test(name) || name.length > 100) {
    throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name })
  }
  return join(attemptPath(root, id, attempt), name)
}

function attemptPath(root: string, id: string, attempt: number): string {
  if (!Number.isSafeInteger(attempt) || attempt < 0) throw new RangeError(`${attempt} is no attempt.`)
  return join(runsPath(root, id), String(attempt))
}

/** The folder of a run's attempts. @throws JOB_UNKNOWN where no run could have the id */
export function runsPath(root: string, id: string): string {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(id)) throw new ExperimentError('JOB_UNKNOWN', { id })
  return join(root, id)
}

async function readFileOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
