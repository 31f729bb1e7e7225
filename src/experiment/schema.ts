import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { explainFaults } from './explain.ts'
import { ExperimentError, type FieldFault } from './failure.ts'
import { ExperimentSpec } from './spec.ts'

/** A copy of the spec with the schema's defaults in place. */
export function fillDefaults(spec: ExperimentSpec): ExperimentSpec {
  return Value.Default(ExperimentSpec, structuredClone(spec)) as ExperimentSpec
}

/**
 * Checks a value against the schema a second time, in the domain, so that no way into the service
 * (command line, a content type that skips the API's own check) avoids it.
 *
 * @throws SCHEMA_MISMATCH with a pointer for each fault
 */
export function checkSchema(value: unknown): asserts value is ExperimentSpec {
  if (Value.Check(ExperimentSpec, value)) return
  throw new ExperimentError('SCHEMA_MISMATCH', { faults: schemaFaults(ExperimentSpec, value) })
}

/** Where a value that its schema refuses leaves it: in words, and for the branch that the writer chose. */
export function schemaFaults(schema: TSchema, value: unknown): FieldFault[] {
  const faults = explainFaults(schema, value)
  if (faults.length > 0) return faults
  return [...Value.Errors(schema, value)]
    .slice(0, 20)
    .map((e) => ({ pointer: e.instancePath, message: e.message }))
}
