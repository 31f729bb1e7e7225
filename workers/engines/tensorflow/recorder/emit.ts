import { encodeAttributes, intValue, outputNames, stringValue, typeValue } from './attributes.ts'
import { DTYPE } from './binding.ts'
import { tensorValue } from './constant.ts'
import { type Form, formOf, type Graph, type Node, type Value } from './graph.ts'
import { KERNEL_LABEL, nameWithOneDnn } from './onednn.ts'
import type { Operation } from './operations.ts'
import { Message } from './proto.ts'

/** Field numbers of function.proto, op_def.proto and node_def.proto. */
const FUNCTION = { signature: 1, node: 3, result: 4 }
const SIGNATURE = { name: 1, input: 2, output: 3 }
const ARGUMENT = { name: 1, type: 3 }
const NODE = { name: 1, operation: 2, input: 3, attribute: 5 }

type Operations = (name: string) => Operation | undefined

/** A TensorFlow function under way: arguments, nodes, results. */
export class FunctionText {
  readonly name: string
  readonly #operations: Operations
  readonly #hasOneDnn: boolean
  readonly #signature: Message
  readonly #nodes: Message[] = []
  readonly #results: [name: string, dtype: number, reference: string][] = []

  constructor(name: string, operations: Operations, hasOneDnn = false) {
    this.name = name
    this.#hasOneDnn = hasOneDnn
    this.#operations = operations
    this.#signature = new Message().string(SIGNATURE.name, name)
  }

  /** @returns the argument's reference */
  argument(name: string, dtype: number): string {
    this.#signature.message(
      SIGNATURE.input,
      new Message().string(ARGUMENT.name, name).number(ARGUMENT.type, dtype),
    )
    return name
  }

  result(name: string, dtype: number, reference: string): void {
    this.#results.push([name, dtype, reference])
  }

  /** A node whose attributes are known already. @returns references of its outputs */
  node(
    name: string,
    operation: string,
    inputs: readonly string[],
    attributes: Iterable<readonly [string, Message | Uint8Array]>,
    outputs: readonly string[],
  ): string[] {
    const node = new Message().string(NODE.name, name).string(NODE.operation, operation)
    for (const input of inputs) node.string(NODE.input, input)
    for (const [key, value] of attributes) {
      const entry = new Message().string(1, key)
      node.message(NODE.attribute, value instanceof Message ? entry.message(2, value) : entry.bytes(2, value))
    }
    this.#nodes.push(node)
    return outputs.map((output) => `${name}:${output}`)
  }

  constant(name: string, { dtype, shape }: Form, bytes: Uint8Array): string {
    const attributes = [
      ['dtype', typeValue(dtype)] as const,
      ['value', tensorValue(dtype, shape, bytes)] as const,
    ]
    return this.node(name, 'Const', [], attributes, ['output:0'])[0]!
  }

  /** An int32 constant. */
  whole(name: string, numbers: readonly number[], shape: readonly number[]): string {
    const bytes = new Uint8Array(Int32Array.from(numbers).buffer)
    return this.constant(name, { dtype: DTYPE.int32, shape }, bytes)
  }

  /** A node of a recorded graph. */
  operation(name: string, node: Node, inputs: readonly string[]): string[] {
    const kernel = this.#hasOneDnn ? nameWithOneDnn(node, this.#operations) : node.name
    const operation = this.#operations(kernel)!
    const attributes = encodeAttributes(operation, node.attributes, node.inputs)
    if (kernel !== node.name) attributes.set('_kernel', stringValue(KERNEL_LABEL))
    const outputs = outputNames(operation, node.attributes, node.outputs.length)
    return this.node(name, kernel, inputs, attributes, outputs)
  }

  encode(): Uint8Array {
    const text = new Message()
    for (const [name, dtype] of this.#results) {
      this.#signature.message(
        SIGNATURE.output,
        new Message().string(ARGUMENT.name, name).number(ARGUMENT.type, dtype),
      )
    }
    text.message(FUNCTION.signature, this.#signature)
    for (const node of this.#nodes) text.message(FUNCTION.node, node)
    for (const [name, , reference] of this.#results) {
      text.message(FUNCTION.result, new Message().string(1, name).string(2, reference))
    }
    return text.encode()
  }
}

/** Writes a graph's nodes into a function. @returns a value's reference in it */
export function writeGraph(
  text: FunctionText,
  graph: Graph,
  argumentOf: (name: string) => string,
): (value: Value) => string {
  const references = new Map<Node, readonly string[]>()
  const referenceOf = ({ node, output }: Value) => references.get(node)![output]!
  for (const [index, node] of graph.nodes.entries()) {
    references.set(node, write(text, `n${index}`, node, argumentOf, referenceOf))
  }
  return referenceOf
}

function write(
  text: FunctionText,
  name: string,
  node: Node,
  argumentOf: (name: string) => string,
  referenceOf: (value: Value) => string,
): readonly string[] {
  if (node.kind === 'argument') return [argumentOf(node.name)]
  if (node.kind === 'constant') return [text.constant(name, node.outputs[0]!, node.bytes)]
  return text.operation(name, node, node.inputs.map(referenceOf))
}

/** Writes rows of metrics, float32 [rows, width], out of values of any shape, row by row. @returns their reference */
export function writeRows(
  text: FunctionText,
  values: readonly Value[],
  [rows, width]: readonly [number, number],
  referenceOf: (value: Value) => string,
): string {
  const float = ['T', typeValue(DTYPE.float32)] as const
  const reshape = (name: string, reference: string, to: readonly number[]) => {
    const shape = text.whole(`${name}_shape`, to, [to.length])
    const types = [float, ['Tshape', typeValue(DTYPE.int32)] as const]
    return text.node(name, 'Reshape', [reference, shape], types, ['output:0'])[0]!
  }
  const flat = values.map((value, index) => {
    const { dtype } = formOf(value)
    const types = [['SrcT', typeValue(dtype)] as const, ['DstT', typeValue(DTYPE.float32)] as const]
    const cast =
      dtype === DTYPE.float32
        ? referenceOf(value)
        : text.node(`cast${index}`, 'Cast', [referenceOf(value)], types, ['y:0'])[0]!
    return reshape(`metric${index}`, cast, values.length === 1 ? [rows, width] : [-1])
  })
  if (flat.length === 1) return flat[0]!
  const axis = text.whole('axis', [0], [])
  const attributes = [['N', intValue(flat.length)] as const, float, ['Tidx', typeValue(DTYPE.int32)] as const]
  const all = text.node('all', 'ConcatV2', [...flat, axis], attributes, ['output:0'])[0]!
  return reshape('made', all, [rows, width])
}
