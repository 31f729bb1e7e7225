import { DTYPE } from './binding.ts'
import { areAlike, formOf, type Graph, isSameShape, type Node, type Value } from './graph.ts'

/**
 * The same graph with fewer nodes and the same bits: what no output needs is left out, what is there twice is
 * there once, and operations that change nothing (a cast to its own type, a reshape to its own shape, a product
 * with 1, all of which tfjs's gradients are full of) are their input.
 */
export function simplify(graph: Graph): Graph {
  const replaced = new Map<Node, Node>()
  const passed = new Map<Node, Value>() // nodes that are their input
  const twins = new Map<string, Node>()
  const numbers = new Map<Node, number>()
  const resolve = (value: Value): Value => {
    const direct = passed.get(value.node)
    return direct ?? { node: replaced.get(value.node) ?? value.node, output: value.output }
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(resolve)
    const same = sameAs(node, inputs)
    if (same !== null) {
      passed.set(node, same)
      continue
    }
    const key = keyOf(node, inputs, numbers)
    const twin = twins.get(key)
    const kept = twin ?? { ...node, inputs }
    if (twin === undefined) {
      numbers.set(kept, numbers.size)
      twins.set(key, kept)
    }
    replaced.set(node, kept)
  }
  const outputs = (values: ReadonlyMap<string, Value>) =>
    new Map([...values].map(([name, value]) => [name, resolve(value)]))
  const state = outputs(graph.state)
  const metrics = outputs(graph.metrics)
  return { nodes: reachable([...numbers.keys()], [...state.values(), ...metrics.values()]), state, metrics }
}

/** The nodes that the wanted values are made of, in their order. */
function reachable(nodes: readonly Node[], wanted: readonly Value[]): Node[] {
  const needed = new Set<Node>(wanted.map(({ node }) => node))
  for (const node of [...nodes].reverse()) {
    if (needed.has(node)) for (const input of node.inputs) needed.add(input.node)
  }
  return nodes.filter((node) => needed.has(node))
}

function keyOf(node: Node, inputs: readonly Value[], numbers: ReadonlyMap<Node, number>): string {
  if (node.kind === 'argument') return `argument ${node.name}`
  const { dtype, shape } = node.outputs[0] ?? { dtype: 0, shape: [] }
  if (node.kind === 'constant') return `${dtype} ${shape} ${Buffer.from(node.bytes).toString('base64')}`
  const from = inputs.map((input) => `${numbers.get(input.node)}:${input.output}`)
  return `${node.name} ${from} ${JSON.stringify(node.attributes)} ${node.outputs.length}`
}

/** The input that a node's one output equals bit for bit, or null. */
function sameAs(node: Node, inputs: readonly Value[]): Value | null {
  if (node.kind !== 'operation' || node.outputs.length !== 1) return null
  const [out] = node.outputs
  const [first, second] = inputs
  if (first === undefined) return null
  const isAlike = areAlike(formOf(first), out!)
  if (node.name === 'Identity') return first
  if (['Cast', 'Reshape', 'BroadcastTo'].includes(node.name)) return isAlike ? first : null
  if (node.name === 'Reshape' || node.name !== 'Mul' || second === undefined) return null
  if (isAlike && isOnes(second)) return first
  if (isOnes(first) && isSameShape(formOf(second).shape, out!.shape)) return second
  return null
}

/** Whether a value is a constant of ones. */
function isOnes({ node }: Value): boolean {
  const [form] = node.outputs
  if (node.kind !== 'constant' || form?.dtype !== DTYPE.float32) return false
  const { buffer, byteOffset, byteLength } = node.bytes
  return (
    byteLength > 0 && new Float32Array(buffer, byteOffset, byteLength / 4).every((number) => number === 1)
  )
}
