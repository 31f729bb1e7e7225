import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

/** What @fastify/swagger is told before the routes come. */
export function describeApi(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'jepalab',
        version,
        description:
          'Trains JEPA and masked autoencoders and tells which features each learned, when, in which order, ' +
          'and how that compares with theory. Times are flow times (learning rate × step). Numbers are ' +
          'finite JSON numbers and never read from texts; infinity is written null. Unknown fields are refused.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'jobs', description: 'Experiments and what became of them' },
        { name: 'theory', description: 'Predictions; nothing is trained' },
        { name: 'service', description: 'Health and this document' },
      ],
    },
    hideUntagged: true,
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

/** The app's own document: every schema with a name stands once, under components, and is referred to. */
export function apiDocument(app: FastifyInstance): JsonObject {
  const plain = JSON.parse(JSON.stringify(app.swagger())) as JsonObject
  const schemas: JsonObject = {}
  const document = hoist(plain, schemas) as JsonObject
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...document, components: { schemas: sorted } }
}

function hoist(value: Json, schemas: JsonObject): Json {
  if (Array.isArray(value)) return value.map((entry) => hoist(entry, schemas))
  if (value === null || typeof value !== 'object') return value
  const { $id, ...rest } = value
  const inner = Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, hoist(entry, schemas)]))
  if (typeof $id !== 'string') return inner
  schemas[$id] = inner
  return { $ref: `#/components/schemas/${$id}` }
}
