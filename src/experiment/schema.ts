import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Value } from 'typebox/value'
import { explainFaults } from './explain.ts'
import { ExperimentError, type FieldFault } from './failure.ts'
import { ExperimentSpec } from './spec.ts'
import { SweepSpec } from './sweep.ts'

/**
 * A copy of the spec with the schema's defaults in place. There are none inside lists of numbers, so these stand aside, one
 * entry of each for the choice of a union's branch: a matrix of 400 rows took 130 ms to walk.
 */
export function fillDefaults(spec: ExperimentSpec): ExperimentSpec {
  return restoreLists(
    Value.Default(ExperimentSpec, firstEntries(spec)),
    structuredClone(spec),
  ) as ExperimentSpec
}

type Fields = Record<string, unknown>
const isListOfFields = (value: unknown): value is Fields[] =>
  Array.isArray(value) && isFields(value[0]) && !Array.isArray(value[0])
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function firstEntries(value: unknown): unknown {
  if (isListOfFields(value)) return value.map(firstEntries)
  if (Array.isArray(value)) return value.slice(0, 1).map(firstEntries)
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, firstEntries(each)]))
}

function restoreLists(filled: unknown, given: unknown): unknown {
  if (isListOfFields(given)) return given.map((each, i) => restoreLists((filled as unknown[])[i], each))
  if (Array.isArray(given)) return given
  if (!isFields(filled) || !isFields(given)) return filled
  return Object.fromEntries(
    Object.entries(filled).map(([key, each]) => [key, restoreLists(each, given[key])]),
  )
}

let compiled: Validator<Record<never, never>, typeof ExperimentSpec> | undefined

/**
 * Checks a value against the schema a second time, in the domain, so that no way into the service
 * (command line, a content type that skips the API's own check) avoids it.
 *
 * @throws SCHEMA_MISMATCH with a pointer for each fault
 */
export function checkSchema(value: unknown): asserts value is ExperimentSpec {
  compiled ??= Compile(ExperimentSpec)
  if (compiled.Check(value)) return
  throw new ExperimentError('SCHEMA_MISMATCH', { faults: schemaFaults(ExperimentSpec, value) })
}

let compiledSweep: Validator<Record<never, never>, typeof SweepSpec> | undefined

/** The same for a sweep. @throws SCHEMA_MISMATCH with a pointer for each fault */
export function checkSweepSchema(value: unknown): asserts value is SweepSpec {
  compiledSweep ??= Compile(SweepSpec)
  const faults = compiledSweep.Check(value)
    ? Object.entries(value.axes).flatMap(([path, axis]) => infiniteNumbers(axis, `/axes/${path}`))
    : schemaFaults(SweepSpec, value)
  if (faults.length > 0)
    throw new ExperimentError('SCHEMA_MISMATCH', { faults: faults.slice(0, MOST_FAULTS) })
}

const MOST_FAULTS = 20

/** Values of an axis may be any JSON, and JSON can spell numbers that are not finite: 1e999. */
function infiniteNumbers(value: unknown, pointer: string): FieldFault[] {
  if (isFields(value))
    return Object.entries(value).flatMap(([key, each]) => infiniteNumbers(each, `${pointer}/${key}`))
  if (typeof value !== 'number' || Number.isFinite(value)) return []
  return [{ pointer, message: 'The number is not finite; the largest is about 1.8e308.' }]
}

/** Where a value that its schema refuses leaves it: in words, and for the branch that the writer chose. */
export function schemaFaults(schema: TSchema, value: unknown): FieldFault[] {
  const faults = explainFaults(schema, value)
  if (faults.length > 0) return faults
  return [...Value.Errors(schema, value)]
    .slice(0, MOST_FAULTS)
    .map((e) => ({ pointer: e.instancePath, message: e.message }))
}
