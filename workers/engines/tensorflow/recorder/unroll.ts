import { DTYPE } from './binding.ts'
import { type Graph, type Node, nextOf, type Value } from './graph.ts'

const INT = { dtype: DTYPE.int32, shape: [] }

/**
 * Several steps as one graph: each begins with the state that the one before it made. Metrics are those of every step
 * in turn, named `0 loss`, `1 loss` and so on.
 */
export function unroll(graph: Graph, steps: number): Graph {
  const nodes: Node[] = []
  const metrics = new Map<string, Value>()
  let state: ReadonlyMap<string, Value> = new Map()
  const add = (node: Node): Value => ({ node: nodes[nodes.push(node) - 1]!, output: 0 })
  for (let k = 0; k < steps; k++) {
    const copies = new Map<Node, Value>()
    const copyOf = ({ node, output }: Value): Value => {
      const copy = copies.get(node)!
      return { node: copy.node, output: copy.output + output }
    }
    for (const node of graph.nodes) {
      if (node.kind === 'operation') copies.set(node, add({ ...node, inputs: node.inputs.map(copyOf) }))
      else if (k === 0) copies.set(node, add(node))
      else if (node.name === 'step') copies.set(node, add(later(node, add(whole(node, k)))))
      else copies.set(node, nextOf(state, node.name) ?? { node, output: 0 })
    }
    const copiesOf = (values: ReadonlyMap<string, Value>) =>
      [...values].map(([name, value]) => [name, copyOf(value)] as const)
    state = new Map(copiesOf(graph.state))
    for (const [name, value] of copiesOf(graph.metrics)) metrics.set(`${k} ${name}`, value)
  }
  return { nodes, state, metrics }
}

/** An int32 constant. */
function whole({ place }: Node, number: number): Node {
  const bytes = new Uint8Array(Int32Array.of(number).buffer)
  return { kind: 'constant', name: '', attributes: [], inputs: [], outputs: [INT], bytes, place }
}

/** The number of a step that is so many after the first. */
function later(step: Node, steps: Value): Node {
  const inputs = [{ node: step, output: 0 }, steps]
  return { ...step, kind: 'operation', name: 'AddV2', inputs, outputs: [INT] }
}
