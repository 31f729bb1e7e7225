import { Value } from 'typebox/value'
import { ExperimentError, type FieldFault } from './failure.ts'
import { ExperimentSpec } from './spec.ts'

/** A copy of the spec with the schema's defaults in place. */
export function fillDefaults(spec: ExperimentSpec): ExperimentSpec {
  return Value.Default(ExperimentSpec, structuredClone(spec)) as ExperimentSpec
}

/**
 * Checks a value against the schema a second time, in the domain, so that no way into the service
 * (command line, a content type that skips Fastify's validation) avoids it.
 *
 * @throws SCHEMA_MISMATCH with a pointer for each fault
 */
export function checkSchema(value: unknown): asserts value is ExperimentSpec {
  if (Value.Check(ExperimentSpec, value)) return
  const faults: FieldFault[] = [...Value.Errors(ExperimentSpec, value)]
    .slice(0, 20)
    .map((e) => ({ pointer: e.instancePath, message: e.message }))
  throw new ExperimentError('SCHEMA_MISMATCH', { faults })
}
