import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { liesInPack, listArtifacts, type RunPlace } from '../artifacts/place.ts'
import { artifactPath } from '../artifacts/run-folder.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { ArtifactFile } from '../experiment/measurement.ts'
import type { ByteRange } from './byte-range.ts'
import type { Compute } from './compute.ts'

/** A file of a run and the way to open a part of it. @throws ARTIFACT_DAMAGED as it opens */
export interface OpenableFile extends ArtifactFile {
  open(part: ByteRange): Buffer | Promise<Readable>
}

/** The public files of a run. Those in a folder are read from it; those of a pack are made, off the event loop. */
export async function filesOf(
  compute: Compute,
  artifacts: string,
  place: RunPlace,
): Promise<readonly ArtifactFile[]> {
  return liesInPack(place) ? compute.run('files', { artifacts, place }) : listArtifacts(artifacts, place)
}

/** One of them. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function fileOf(
  compute: Compute,
  artifacts: string,
  place: RunPlace,
  name: string,
): Promise<OpenableFile> {
  if (liesInPack(place)) {
    const { content, ...file } = await compute.run('file', { artifacts, place, name })
    const { buffer, byteOffset } = content
    return { ...file, open: ({ first, last }) => Buffer.from(buffer, byteOffset + first, last - first + 1) }
  }
  const file = (await listArtifacts(artifacts, place)).find((candidate) => candidate.name === name)
  if (file === undefined) throw new ExperimentError('ARTIFACT_UNKNOWN', { id: place.id, name })
  return { ...file, open: (part) => openInFolder(artifacts, place, file, part) }
}

async function openInFolder(
  root: string,
  { id, attempt }: RunPlace,
  { name, bytes }: ArtifactFile,
  { first, last }: ByteRange,
): Promise<Readable> {
  const damaged = (why: string, cause?: unknown) =>
    new ExperimentError('ARTIFACT_DAMAGED', { name, why }, { cause })
  const file = await open(artifactPath(root, id, attempt, name)).catch((cause: unknown) => {
    throw damaged('it is gone from the artifact folder', cause)
  })
  const { size } = await file.stat()
  if (size === bytes) return file.createReadStream({ start: first, end: last })
  await file.close()
  throw damaged(`it has ${size} bytes where ${bytes} were written`)
}
