import type { TSchema } from 'typebox'
import type { FieldFault } from './failure.ts'
import { nearestName } from './nearest-name.ts'

/**
 * Says in words where a value leaves its schema. A validator reports a fault for every branch of a
 * union; this walk first picks the branch that the writer meant, by `kind` or `mode` or a field that only that
 * branch has, and speaks of that one alone. It explains; whether a value is legal is decided by the schema itself.
 */
interface Node {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Node[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Node | readonly Node[]
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
}

const MAX_FAULTS = 20
const TAGS = ['kind', 'mode', 'family'] as const

/** The faults of a value that its schema refuses: pointer to the field and a sentence, at most 20. */
export function explainFaults(schema: TSchema, value: unknown): FieldFault[] {
  const faults: FieldFault[] = []
  for (const fault of walk(schema as Node, value, '')) {
    if (faults.push(fault) === MAX_FAULTS) break
  }
  return faults
}

type Faults = Generator<FieldFault, void>

function* walk(node: Node, value: unknown, at: string): Faults {
  if (node.anyOf) yield* walkUnion(node.anyOf, value, at)
  else if (node.type === 'object') yield* walkObject(node, value, at)
  else if (node.type === 'array') yield* walkArray(node, value, at)
  else for (const message of leafFaults(node, value)) yield { pointer: at, message }
}

function leafFaults(node: Node, value: unknown): string[] {
  if ('const' in node) return value === node.const ? [] : [`${show(value)} is not ${show(node.const)}.`]
  if (node.type === 'number' || node.type === 'integer') return numberFaults(node, value)
  if (node.type === 'string') return textFaults(node, value)
  if (node.type === 'null') return value === null ? [] : [`${show(value)} is not null.`]
  return []
}

function* walkUnion(branches: readonly Node[], value: unknown, at: string): Faults {
  const objects = branches.filter((branch) => branch.type === 'object')
  const literals = branches.filter((branch) => 'const' in branch).map((branch) => branch.const)
  if (literals.includes(value)) return
  const listed = branches.find((branch) => branch.type === 'array')
  if (listed) {
    yield* Array.isArray(value) ? walk(listed, value, at) : walkFielded(objects, value, at)
    return
  }
  if (isRecord(value) || literals.length === 0) {
    if (objects.length > 0) yield* walkTagged(objects, value, at)
    return
  }
  const known = [...literals.map(show), ...(objects.length > 0 ? ['an object'] : [])]
  const near = isText(value) ? nearestName(value, literals.filter(isText)) : undefined
  yield { pointer: at, message: `${show(value)} is not one of ${list(known)}.${suggest(near)}` }
}

function* walkTagged(
  branches: readonly Node[],
  value: unknown,
  at: string,
  tags: readonly string[] = TAGS,
): Faults {
  if (!isRecord(value)) {
    yield { pointer: at, message: `${show(value)} is not an object.` }
    return
  }
  const tag = tags.find((name) => branches.every((branch) => branch.properties?.[name])) ?? TAGS[0]
  const [only] = branches
  if (branches.length === 1 && only?.properties?.[tag] === undefined) {
    yield* walkObject(only!, value, at)
    return
  }
  const asked = value[tag]
  const [chosen, ...others] = branches.filter((branch) => tagsOf(branch, tag).includes(asked))
  if (chosen) {
    if (others.length === 0) yield* walkObject(chosen, value, at)
    else
      yield* walkTagged(
        [chosen, ...others],
        value,
        at,
        tags.filter((name) => name !== tag),
      )
    return
  }
  const known = [...new Set(branches.flatMap((branch) => tagsOf(branch, tag)).filter(isText))]
  const near = isText(asked) ? nearestName(asked, known) : undefined
  const message =
    asked === undefined
      ? `The field ${tag} is missing; it is one of ${list(known)}.`
      : `${show(asked)} is not one of ${list(known)}.${suggest(near)}`
  yield { pointer: `${at}/${tag}`, message }
}

/** Objects without a tag that may stand in place of a list: the branch is chosen by the field that it must have. */
function* walkFielded(branches: readonly Node[], value: unknown, at: string): Faults {
  const fields = branches.map((branch) => branch.required?.[0] ?? '')
  const chosen = isRecord(value) ? branches.find((_, i) => Object.hasOwn(value, fields[i]!)) : undefined
  if (chosen) {
    yield* walkObject(chosen, value, at)
    return
  }
  const near = isRecord(value) ? nearestName(Object.keys(value)[0] ?? '', fields) : undefined
  const message = isRecord(value)
    ? `The object has none of the fields ${list(fields)}.${suggest(near)}`
    : `${show(value)} is neither a list nor an object with one of the fields ${list(fields)}.`
  yield { pointer: at, message }
}

/** The values that a branch takes for its tag: one literal, or a union of literals. */
function tagsOf(branch: Node, tag: string): unknown[] {
  const field = branch.properties?.[tag]
  if (!field) return []
  return 'const' in field ? [field.const] : (field.anyOf ?? []).map((literal) => literal.const)
}

function* walkObject(node: Node, value: unknown, at: string): Faults {
  if (!isRecord(value)) {
    yield { pointer: at, message: `${show(value)} is not an object.` }
    return
  }
  const properties = node.properties ?? {}
  const names = Object.keys(properties)
  const [named] = Object.entries(node.patternProperties ?? {})
  for (const [name, field] of Object.entries(value)) {
    const pointer = `${at}/${pointerName(name)}`
    if (Object.hasOwn(properties, name)) {
      if (field !== undefined) yield* walk(properties[name]!, field, pointer)
    } else if (named) {
      if (new RegExp(named[0]).test(name)) yield* walk(named[1], field, pointer)
      else yield { pointer, message: `The name ${show(name)} does not match ${named[0]}.` }
    } else if (node.additionalProperties === false) {
      const near = nearestName(name, names)
      const known = near === undefined ? ` The fields are ${list(names)}.` : suggest(near)
      yield { pointer, message: `There is no field ${clip(name)} here.${known}` }
    }
  }
  for (const name of node.required ?? []) {
    if (value[name] === undefined)
      yield { pointer: `${at}/${name}`, message: `The field ${name} is missing.` }
  }
}

function* walkArray(node: Node, value: unknown, at: string): Faults {
  if (!Array.isArray(value)) {
    yield { pointer: at, message: `${show(value)} is not a list.` }
    return
  }
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = node
  const say = (message: string) => ({ pointer: at, message })
  if (value.length < minItems) yield say(`The list has ${value.length} entries; give at least ${minItems}.`)
  if (value.length > maxItems) yield say(`The list has ${value.length} entries; give at most ${maxItems}.`)
  if (node.uniqueItems && new Set(value).size < value.length)
    yield say('An entry of the list is there twice.')
  const { items } = node
  if (items === undefined) return
  if (isTuple(items)) {
    if (value.length > items.length) yield say(`The list has ${value.length} entries; give ${items.length}.`)
    for (const [i, item] of items.entries()) if (i in value) yield* walk(item, value[i], `${at}/${i}`)
  } else for (const [i, entry] of value.entries()) yield* walk(items, entry, `${at}/${i}`)
}

function numberFaults(node: Node, value: unknown): string[] {
  if (typeof value !== 'number') {
    return [`${show(value)} is not a number${isNumeric(value) ? '; write it without quotes' : ''}.`]
  }
  if (!Number.isFinite(value)) return ['The number is not finite; the largest is about 1.8e308.']
  if (node.type === 'integer' && !Number.isInteger(value)) return [`${value} is not a whole number.`]
  const { minimum = -Infinity, maximum = Infinity } = node
  const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = node
  if (value < minimum) return [`${value} is below ${minimum}, the least allowed.`]
  if (value > maximum) return [`${value} is above ${maximum}, the most allowed.`]
  if (value <= exclusiveMinimum) return [`${value} is not above ${exclusiveMinimum}.`]
  if (value >= exclusiveMaximum) return [`${value} is not below ${exclusiveMaximum}.`]
  return []
}

function textFaults(node: Node, value: unknown): string[] {
  if (!isText(value)) return [`${show(value)} is not a text.`]
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = node
  if (value.length < minLength)
    return [`The text has ${value.length} characters; give at least ${minLength}.`]
  if (value.length > maxLength) return [`The text has ${value.length} characters; give at most ${maxLength}.`]
  if (node.pattern !== undefined && !new RegExp(node.pattern).test(value))
    return [`${show(value)} does not match ${node.pattern}.`]
  return []
}

const isTuple = (items: Node | readonly Node[]): items is readonly Node[] => Array.isArray(items)
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumeric = (value: unknown): boolean =>
  isText(value) && value.trim() !== '' && !Number.isNaN(Number(value))
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (names: readonly string[]): string => names.join(', ')
const suggest = (near: string | undefined): string => (near === undefined ? '' : ` Did you mean ${near}?`)
/** RFC 6901: ~ and / inside a name. */
const pointerName = (name: string): string => clip(name).replaceAll('~', '~0').replaceAll('/', '~1')
const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text)

/** A value short enough for a sentence. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'an object'
  return isText(value) ? JSON.stringify(clip(value)) : String(value)
}
