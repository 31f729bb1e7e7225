import { type Field, fieldsOf, textOf } from './proto.ts'

/** One argument of an operation: its name, and the attributes that give its type and its number of tensors. */
export interface Argument {
  readonly name: string
  /** The attribute that names its type, '' where the type is fixed. */
  readonly typeAttribute: string
  /** The attribute that counts its tensors (a list of one type), '' where it is one tensor. */
  readonly numberAttribute: string
  /** The attribute that lists the types of its tensors, '' where there is none. */
  readonly typeListAttribute: string
}

/** An operation as the library itself describes it. */
export interface Operation {
  readonly name: string
  readonly inputs: readonly Argument[]
  readonly outputs: readonly Argument[]
  /** Attribute → its default as an encoded AttrValue, or null where it must be given. */
  readonly attributes: ReadonlyMap<string, Uint8Array | null>
  /** Whether a second call with the same tensors may do something else. */
  readonly isStateful: boolean
}

/** Field numbers of op_def.proto. */
const LIST = { op: 1 }
const OP = { name: 1, input: 2, output: 3, attribute: 4, isStateful: 17 }
const ARGUMENT = { name: 1, typeAttribute: 4, numberAttribute: 5, typeListAttribute: 6 }
const ATTRIBUTE = { name: 1, defaultValue: 3 }

/**
 * The operations of the loaded library, out of its own list (an encoded OpList). An operation is read when it is
 * first asked for: a step uses some thirty of 1,500.
 */
export function readOperations(list: Uint8Array): (name: string) => Operation | undefined {
  const encoded = new Map<string, Uint8Array>()
  for (const { field, bytes } of fieldsOf(list)) {
    if (field === LIST.op) encoded.set(nameOf(bytes), bytes)
  }
  const known = new Map<string, Operation>()
  return (name) => {
    const bytes = encoded.get(name)
    if (bytes === undefined) return undefined
    const operation = known.get(name) ?? readOperation(bytes)
    known.set(name, operation)
    return operation
  }
}

function readOperation(encoded: Uint8Array): Operation {
  const fields = [...fieldsOf(encoded)]
  const all = (number: number) => fields.filter(({ field }) => field === number).map(({ bytes }) => bytes)
  return {
    name: nameOf(encoded),
    inputs: all(OP.input).map(readArgument),
    outputs: all(OP.output).map(readArgument),
    attributes: new Map(all(OP.attribute).map(readAttribute)),
    isStateful: fields.some(({ field, number }) => field === OP.isStateful && number === 1),
  }
}

function readArgument(encoded: Uint8Array): Argument {
  const fields = [...fieldsOf(encoded)]
  return {
    name: stringOf(fields, ARGUMENT.name),
    typeAttribute: stringOf(fields, ARGUMENT.typeAttribute),
    numberAttribute: stringOf(fields, ARGUMENT.numberAttribute),
    typeListAttribute: stringOf(fields, ARGUMENT.typeListAttribute),
  }
}

function readAttribute(encoded: Uint8Array): [string, Uint8Array | null] {
  const fields = [...fieldsOf(encoded)]
  const value = fields.find(({ field }) => field === ATTRIBUTE.defaultValue)
  return [stringOf(fields, ATTRIBUTE.name), value?.bytes ?? null]
}

/** An operation's name is its first field. */
function nameOf(encoded: Uint8Array): string {
  for (const { field, bytes } of fieldsOf(encoded)) if (field === OP.name) return textOf(bytes)
  return ''
}

function stringOf(fields: readonly Field[], number: number): string {
  const found = fields.find(({ field }) => field === number)
  return found === undefined ? '' : textOf(found.bytes)
}
