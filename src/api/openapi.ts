import { STATUS_CODES } from 'node:http'
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
        {
          name: 'sweeps',
          description: 'Many runs at once, what they say together, and the paper as presets',
        },
        { name: 'datasets', description: 'Registered image sets' },
        { name: 'theory', description: 'Predictions; nothing is trained' },
        { name: 'service', description: 'Health and this document' },
      ],
    },
    hideUntagged: true,
    transform: ({ schema, url }) => ({ schema: markNames(schema as Json) as object, url }),
  }
}

/** @fastify/swagger drops $id, so names travel through it in a field of our own. */
const NAME = 'x-name'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

function markNames(value: Json): Json {
  if (Array.isArray(value)) return value.map(markNames)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(asOf2020(value)).map(([key, inner]): [string, Json] =>
    key === '$id' ? [NAME, inner] : [key, markNames(inner)],
  )
  return Object.fromEntries(entries)
}

/** TypeBox writes a list of fixed length as JSON Schema did before 2020-12, which OpenAPI 3.1 speaks. */
function asOf2020(schema: JsonObject): JsonObject {
  const { items, additionalItems, ...rest } = schema
  return Array.isArray(items) ? { ...rest, prefixItems: items, items: additionalItems ?? true } : schema
}

/** The app's own document: every schema with a name stands once, under components, and is referred to. */
export function apiDocument(app: FastifyInstance): JsonObject {
  const plain = JSON.parse(JSON.stringify(app.swagger())) as JsonObject
  const schemas: JsonObject = {}
  const document = describeReplies(hoist(plain, schemas)) as JsonObject
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...document, components: { schemas: sorted } }
}

/** Replies that nobody described are called by their status: @fastify/swagger writes "Default Response". */
function describeReplies(value: Json): Json {
  if (Array.isArray(value)) return value.map(describeReplies)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, inner]): [string, Json] => {
    const unnamed = (inner as JsonObject | null)?.description === 'Default Response'
    return [
      key,
      unnamed ? { ...(inner as JsonObject), description: STATUS_CODES[key]! } : describeReplies(inner),
    ]
  })
  return Object.fromEntries(entries)
}

function hoist(value: Json, schemas: JsonObject): Json {
  if (Array.isArray(value)) return value.map((entry) => hoist(entry, schemas))
  if (value === null || typeof value !== 'object') return value
  const { [NAME]: name, ...rest } = value
  const inner = Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, hoist(entry, schemas)]))
  if (typeof name !== 'string') return inner
  schemas[name] = inner
  return { $ref: `#/components/schemas/${name}` }
}
