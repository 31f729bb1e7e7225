import { ATTRIBUTE, type Attribute } from './binding.ts'
import { formOf, type Value } from './graph.ts'
import type { Argument, Operation } from './operations.ts'
import { Message } from './proto.ts'

/** Field numbers of AttrValue and its ListValue in attr_value.proto. */
const VALUE = { list: 1, string: 2, int: 3, float: 4, bool: 5, type: 6, shape: 7, tensor: 8, function: 10 }

/** The tensors that each input argument takes, in order. */
function assign(operation: Operation, attributes: readonly Attribute[], inputs: readonly Value[]) {
  const { inputs: wanted } = operation
  const lists = wanted.filter(isList)
  const single = wanted.length - lists.length
  let at = 0
  return wanted.map((argument) => {
    const given = attributes.find(({ name }) => name === argument.numberAttribute)?.value
    const count = !isList(argument) ? 1 : lists.length === 1 ? inputs.length - single : Number(given)
    at += count
    return { argument, values: inputs.slice(at - count, at) }
  })
}

function isList({ numberAttribute, typeListAttribute }: Argument): boolean {
  return numberAttribute !== '' || typeListAttribute !== ''
}

/**
 * Every attribute of a node, encoded: those that follow from its inputs (T, N, Tidx), which eager execution
 * infers too, then those that were given, then the operation's defaults.
 */
export function encodeAttributes(
  operation: Operation,
  given: readonly Attribute[],
  inputs: readonly Value[],
): Map<string, Message | Uint8Array> {
  const encoded = new Map<string, Message | Uint8Array>()
  for (const { argument, values } of assign(operation, given, inputs)) {
    const types = values.map((value) => formOf(value).dtype)
    if (argument.numberAttribute !== '') encoded.set(argument.numberAttribute, intValue(values.length))
    if (argument.typeAttribute !== '' && types.length > 0)
      encoded.set(argument.typeAttribute, typeValue(types[0]!))
    if (argument.typeListAttribute !== '') encoded.set(argument.typeListAttribute, typesValue(types))
  }
  for (const [name, standard] of operation.attributes) {
    const attribute = given.find((one) => one.name === name)
    if (encoded.has(name)) continue
    if (attribute !== undefined) encoded.set(name, encode(attribute))
    else if (standard !== null) encoded.set(name, standard)
  }
  return encoded
}

/** Names of a node's outputs as a function's text refers to them: `argument:index`. */
export function outputNames(operation: Operation, attributes: readonly Attribute[], count: number): string[] {
  const { outputs } = operation
  const lists = outputs.filter(isList).length
  return outputs.flatMap((argument) => {
    const given = attributes.find(({ name }) => name === argument.numberAttribute)?.value
    const length = !isList(argument) ? 1 : lists === 1 ? count - (outputs.length - 1) : Number(given)
    return Array.from({ length }, (_, index) => `${argument.name}:${index}`)
  })
}

/** The types that the inputs have, where known, in place of those that tfjs says: bytes are int32 to tfjs. */
export function correctTypes(
  operation: Operation,
  attributes: readonly Attribute[],
  dtypes: readonly (number | undefined)[],
): readonly Attribute[] {
  if (operation.inputs.some(isList)) return attributes
  const known = new Map(operation.inputs.map(({ typeAttribute }, index) => [typeAttribute, dtypes[index]]))
  const isWrong = (one: Attribute) =>
    one.type === ATTRIBUTE.type && known.get(one.name) !== undefined && known.get(one.name) !== one.value
  if (!attributes.some(isWrong)) return attributes
  return attributes.map((one) => (isWrong(one) ? { ...one, value: known.get(one.name) } : one))
}

function encode({ type, value }: Attribute): Message {
  const message = new Message()
  if (Array.isArray(value) && type !== ATTRIBUTE.shape) {
    const list = new Message()
    for (const element of value) put(list, type, element)
    return message.message(VALUE.list, list)
  }
  put(message, type, value)
  return message
}

function put(message: Message, type: number, value: unknown): void {
  if (type === ATTRIBUTE.string) message.string(VALUE.string, String(value))
  else if (type === ATTRIBUTE.int) message.number(VALUE.int, Number(value))
  else if (type === ATTRIBUTE.float) message.float(VALUE.float, Number(value))
  else if (type === ATTRIBUTE.bool) message.number(VALUE.bool, Boolean(value))
  else if (type === ATTRIBUTE.type) message.number(VALUE.type, Number(value))
  else message.message(VALUE.shape, shapeMessage(value as number[]))
}

/** A TensorShapeProto. */
export function shapeMessage(shape: readonly number[]): Message {
  const message = new Message()
  for (const size of shape) message.message(2, new Message().number(1, size))
  return message
}

/** An AttrValue that is a whole number. */
export function intValue(value: number): Message {
  return new Message().number(VALUE.int, value)
}

/** An AttrValue that is a truth value. */
export function boolValue(value: boolean): Message {
  return new Message().number(VALUE.bool, value)
}

/** An AttrValue that is a text. */
export function stringValue(value: string): Message {
  return new Message().string(VALUE.string, value)
}

/** An AttrValue that is a type. */
export function typeValue(dtype: number): Message {
  return new Message().number(VALUE.type, dtype)
}

/** An AttrValue that is a list of types. */
export function typesValue(dtypes: readonly number[]): Message {
  const list = new Message()
  for (const dtype of dtypes) list.number(VALUE.type, dtype)
  return new Message().message(VALUE.list, list)
}

/** An AttrValue that is a list of shapes. */
export function shapesValue(shapes: readonly (readonly number[])[]): Message {
  const list = new Message()
  for (const shape of shapes) list.message(VALUE.shape, shapeMessage(shape))
  return new Message().message(VALUE.list, list)
}

/** An AttrValue that is a TensorProto. */
export function protoValue(tensor: Message): Message {
  return new Message().message(VALUE.tensor, tensor)
}

/** An AttrValue that names a function. */
export function functionValue(name: string): Message {
  return new Message().message(VALUE.function, new Message().string(1, name))
}
