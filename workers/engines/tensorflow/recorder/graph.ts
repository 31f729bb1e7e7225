import type { Attribute } from './binding.ts'

/** The type, as TensorFlow numbers it, and the shape of one tensor. */
export interface Form {
  readonly dtype: number
  readonly shape: readonly number[]
}

/** One tensor of a graph: an output of a node. */
export interface Value {
  readonly node: Node
  readonly output: number
}

/**
 * A node of a recorded step. `argument`: a tensor that the step is given, by name. `constant`: bytes that were in
 * the step's code. `operation`: a call of TensorFlow.
 */
export interface Node {
  readonly kind: 'argument' | 'constant' | 'operation'
  /** Name of the argument or operation; '' for a constant. */
  readonly name: string
  readonly attributes: readonly Attribute[]
  readonly inputs: readonly Value[]
  readonly outputs: readonly Form[]
  /** A constant's memory, or that of one element where all are the same; empty for the others. */
  readonly bytes: Uint8Array
  /** Where in the step it was made. */
  readonly place: Error
}

/** A step as a graph: what it makes of its arguments. */
export interface Graph {
  /** In the order in which the step made them; a node's inputs come before it. */
  readonly nodes: readonly Node[]
  readonly state: ReadonlyMap<string, Value>
  readonly metrics: ReadonlyMap<string, Value>
}

/** The form of a value. */
export function formOf({ node, output }: Value): Form {
  return node.outputs[output]!
}

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** Whether two tensors have the same type and shape. */
export function areAlike(a: Form, b: Form): boolean {
  return a.dtype === b.dtype && isSameShape(a.shape, b.shape)
}

/** Whether two shapes are the same. */
export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

/** Whether two values are one. */
export function isSameValue(one: Value, other: Value): boolean {
  return one.node === other.node && one.output === other.output
}

const STATE = 'state.'

/** Whether a name is that of an argument of the state; no operation has such a one. */
export function isStateName(name: string): boolean {
  return name.startsWith(STATE)
}

/** What a step leaves of the state's argument of this name; undefined for other arguments. */
export function nextOf(state: ReadonlyMap<string, Value>, argument: string): Value | undefined {
  return isStateName(argument) ? state.get(argument.slice(STATE.length)) : undefined
}
