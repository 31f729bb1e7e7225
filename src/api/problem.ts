import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { ExperimentError, type FailureCode, type FieldFault } from '../experiment/failure.ts'
import type { Limits } from './limits.ts'

/** RFC 9457: what every error of the API looks like, as application/problem+json. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem' },
)
export type Problem = Static<typeof Problem>

/** The problem that an error is shown as: 5xx that nobody foresaw say nothing of what is inside. */
export function problemOf(error: unknown, request: FastifyRequest | undefined, limits: Limits): Problem {
  const known = error instanceof ExperimentError ? error : translate(error, request, limits)
  const faults = (known.facts as { faults?: readonly FieldFault[] }).faults
  return {
    type: `urn:jepalab:error:${known.code}`,
    title: title(known.code),
    status: known.statusCode,
    detail: known.message,
    code: known.code,
    ...(faults ? { errors: faults.map(({ pointer, message }) => ({ pointer, message })) } : {}),
  }
}

/** What Fastify says in its own codes, in ours. */
function translate(error: unknown, request: FastifyRequest | undefined, limits: Limits): ExperimentError {
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new ExperimentError('BODY_TOO_LARGE', { limit: limits.bodyBytes })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ExperimentError('MEDIA_TYPE', {
      type: (request?.headers['content-type'] ?? 'none').slice(0, 100),
    })
  }
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return new ExperimentError('BODY_MALFORMED', { why: 'it is empty' })
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ExperimentError('REQUEST_MALFORMED', {
      why: (message ?? 'no reason is known').replace(/\.$/, ''),
    })
  }
  return new ExperimentError('INTERNAL', {})
}

function title(code: FailureCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words[0]!.toUpperCase() + words.slice(1)
}
