import type { FastifyReply, FastifyRequest } from 'fastify'
import { ExperimentError } from '../experiment/failure.ts'
import { namesTag, parseByteRange } from './byte-range.ts'
import type { OpenableFile } from './run-files.ts'

/**
 * Sends a listed file, or the part that Range asks for, or 304 where the reader has it. The tag is the
 * file's SHA-256.
 *
 * @throws RANGE_UNSATISFIABLE, ARTIFACT_DAMAGED
 */
export async function sendArtifact(request: FastifyRequest, reply: FastifyReply, file: OpenableFile) {
  const { name, bytes, sha256 } = file
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
  const { first, last } = part ?? { first: 0, last: bytes - 1 }
  const content = await file.open({ first, last })
  if (part) reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes}`)
  reply.type(mediaType(name)).header('content-length', last - first + 1)
  reply.header('content-disposition', `attachment; filename="${name}"`)
  return reply.send(content)
}

function mediaType(name: string): string {
  return name.endsWith('.json') ? 'application/json' : 'application/octet-stream'
}
