import { open } from 'node:fs/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { artifactPath } from '../artifacts/run-folder.ts'
import { ExperimentError } from '../experiment/failure.ts'
import type { ArtifactFile } from '../experiment/measurement.ts'
import { namesTag, parseByteRange } from './byte-range.ts'

interface Artifact {
  readonly root: string
  readonly id: string
  readonly attempt: number
  readonly file: ArtifactFile
}

/**
 * Sends a listed file, or the part that Range asks for, or 304 where the reader has it. The tag is the
 * file's SHA-256.
 *
 * @throws RANGE_UNSATISFIABLE, ARTIFACT_DAMAGED where the file's size is not the manifest's
 */
export async function sendArtifact(request: FastifyRequest, reply: FastifyReply, artifact: Artifact) {
  const { name, bytes, sha256 } = artifact.file
  const tag = `"${sha256}"`
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
  reply.header('etag', tag).header('accept-ranges', 'bytes').header('cache-control', 'private, no-cache')
  if (ifNoneMatch !== undefined && namesTag(ifNoneMatch, tag)) return reply.code(304).send()
  const useRange = range !== undefined && (ifRange === undefined || ifRange === tag)
  const part = useRange ? parseByteRange(range, bytes) : null
  if (part === 'unsatisfiable') {
    reply.header('content-range', `bytes */${bytes}`)
    throw new ExperimentError('RANGE_UNSATISFIABLE', { name, bytes })
  }
  const file = await openChecked(artifact)
  const { first, last } = part ?? { first: 0, last: bytes - 1 }
  if (part) reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes}`)
  reply.type(mediaType(name)).header('content-length', last - first + 1)
  reply.header('content-disposition', `attachment; filename="${name}"`)
  return reply.send(file.createReadStream({ start: first, end: last }))
}

async function openChecked({ root, id, attempt, file: { name, bytes } }: Artifact) {
  const damaged = (why: string, cause?: unknown) =>
    new ExperimentError('ARTIFACT_DAMAGED', { name, why }, { cause })
  const file = await open(artifactPath(root, id, attempt, name)).catch((cause: unknown) => {
    throw damaged('it is gone from the artifact folder', cause)
  })
  const { size } = await file.stat()
  if (size === bytes) return file
  await file.close()
  throw damaged(`it has ${size} bytes where ${bytes} were written`)
}

function mediaType(name: string): string {
  return name.endsWith('.json') ? 'application/json' : 'application/octet-stream'
}
