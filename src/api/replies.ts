import { STATUS_CODES } from 'node:http'
import type { FastifySchema } from 'fastify'
import { type TSchema, Type } from 'typebox'
import { Problem } from './problem.ts'

/** The path of a job. Ids are letters and digits; whatever else is asked for is no job of ours. */
export const JobId = Type.Object({ id: Type.String({ maxLength: 100 }) })

/** The error replies of a route, and the 500 that any may give. */
export function problems(...statuses: number[]): Record<number, TSchema> {
  const entries = [...statuses, 500].map((status) => [
    status,
    reply(STATUS_CODES[status]!, 'application/problem+json', Problem),
  ])
  return Object.fromEntries(entries)
}

/** A reply of a media type other than JSON. */
export function media(description: string, ...types: string[]): TSchema {
  return Type.Unsafe({
    description,
    content: Object.fromEntries(types.map((type) => [type, { schema: Type.String({ format: 'binary' }) }])),
  })
}

function reply(description: string, type: string, schema: TSchema): TSchema {
  return Type.Unsafe({ description, content: { [type]: { schema } } })
}

/** A reply that is JSON of a schema, or one of other media types where they are asked for. */
export function alsoMedia(description: string, schema: TSchema, ...types: string[]): TSchema {
  const others = types.map((type) => [type, { schema: Type.String({ format: 'binary' }) }])
  return Type.Unsafe({
    description,
    content: { 'application/json': { schema }, ...Object.fromEntries(others) },
  })
}

/** The options of a route: what the document calls it, and its schemas. */
export function operation<const S extends FastifySchema>(
  tag: 'jobs' | 'sweeps' | 'datasets' | 'theory' | 'service',
  operationId: string,
  summary: string,
  schemas: S,
) {
  return { schema: { operationId, summary, tags: [tag], ...schemas } }
}
