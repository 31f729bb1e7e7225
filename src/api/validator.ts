import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ExperimentError } from '../experiment/failure.ts'
import { schemaFaults } from '../experiment/schema.ts'

/**
 * Holds a request to its schema. A body is taken as it is or refused: no coercion, nothing removed, no
 * default filled in. Path and query arrive as text and are converted first.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : Value.Convert(schema, given)
    if (compiled.Check(value)) return { value }
    return { error: new ExperimentError('SCHEMA_MISMATCH', { faults: schemaFaults(schema, value) }) }
  }
}
