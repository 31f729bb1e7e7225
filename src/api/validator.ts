import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ExperimentError } from '../experiment/failure.ts'
import { schemaFaults } from '../experiment/schema.ts'

/**
 * Holds a request to its schema. A body is taken as it is or refused: no coercion, nothing removed, no
 * default filled in. Path, query and headers arrive as text; what is a decimal number is read as one where one is wanted.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : readNumbers(schema, given)
    if (compiled.Check(value)) return { value }
    return { error: new ExperimentError('SCHEMA_MISMATCH', { faults: schemaFaults(schema, value) }) }
  }
}

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

/** The given texts with those that are numbers, where the schema has a number. */
function readNumbers(schema: TSchema, given: unknown): unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  const entries = Object.entries(given as Record<string, unknown>).map(([name, text]) => {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    const wanted = type === 'integer' || type === 'number'
    return [name, wanted && typeof text === 'string' && DECIMAL.test(text) ? Number(text) : text]
  })
  return Object.fromEntries(entries)
}
