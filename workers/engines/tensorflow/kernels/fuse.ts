import type { Graph, Node, Value } from '../recorder/graph.ts'

const SLOPES = 'JepalabDenseWeightSlopes'
const STEP = 'JepalabSgd'

/**
 * The same graph in which a layer's gradient and the step of sgd on its weights are one operation, where nothing else
 * needs that gradient: it is then never written to memory. The bits are the same.
 */
export function fuseUpdates(graph: Graph): Graph {
  const uses = usesOf(graph)
  const readers = readersOf(graph.nodes)
  const pairs = new Map<Node, Node>() // steps with the slopes that they take
  for (const step of graph.nodes) {
    const slopes = step.inputs[1]
    if (step.name !== STEP || slopes?.node.name !== SLOPES || slopes.output !== 0) continue
    const isItsOnly = uses.get(slopes.node)!.filter((one) => one === 0).length === 1
    if (isItsOnly && !isRoundabout(step, slopes.node, readers, pairs)) pairs.set(step, slopes.node)
  }
  const replaced = new Map<Node, (output: number) => Value>()
  for (const [step, slopes] of pairs) {
    const [weight, , rates, ...kept] = step.inputs
    const fused: Node = {
      ...step,
      name: 'JepalabDenseSgd',
      attributes: [...slopes.attributes, ...step.attributes],
      inputs: [...slopes.inputs, weight!, rates!, ...kept],
      outputs: [slopes.outputs[1]!, ...step.outputs],
    }
    replaced.set(step, (output) => ({ node: fused, output: output + 1 }))
    replaced.set(slopes, () => ({ node: fused, output: 0 })) // its other output; the gradient has no other use
  }
  return pairs.size === 0 ? graph : rewritten(graph, replaced)
}

/** Which of the nodes read a node. */
export function readersOf(nodes: readonly Node[]): Map<Node, Set<Node>> {
  const readers = new Map<Node, Set<Node>>()
  for (const node of nodes) {
    for (const { node: input } of node.inputs) readers.set(input, (readers.get(input) ?? new Set()).add(node))
  }
  return readers
}

/**
 * Whether a step needs its slopes not only as its gradient: a rate that follows from them, or from those of this layer's
 * bias, cannot be known before they are. `pairs` are taken as one node each.
 */
function isRoundabout(
  step: Node,
  slopes: Node,
  readers: ReadonlyMap<Node, ReadonlySet<Node>>,
  pairs: ReadonlyMap<Node, Node>,
): boolean {
  if (step.inputs.some(({ node }, index) => index !== 1 && node === slopes)) return true
  const seen = new Set<Node>()
  const left = [...readers.get(slopes)!].filter((node) => node !== step)
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node === step) return true
    if (seen.has(node)) continue
    seen.add(node)
    left.push(...(readers.get(node) ?? []))
    const partner = pairs.get(node)
    if (partner !== undefined) left.push(partner)
  }
  return false
}

/** Of each node the outputs that are used, once for each use. */
export function usesOf({ nodes, state, metrics }: Graph): Map<Node, number[]> {
  const uses = new Map<Node, number[]>()
  const all = [...nodes.flatMap(({ inputs }) => inputs), ...state.values(), ...metrics.values()]
  for (const { node, output } of all) uses.set(node, [...(uses.get(node) ?? []), output])
  return uses
}

/** The graph with other nodes for some, each before those that need it. */
export function rewritten(graph: Graph, replaced: ReadonlyMap<Node, (output: number) => Value>): Graph {
  const nodes: Node[] = []
  const done = new Map<Node, Node>()
  const resolve = ({ node, output }: Value): Value => {
    const value = replaced.get(node)?.(output) ?? { node, output }
    return { node: nodeOf(value.node), output: value.output }
  }
  const nodeOf = (node: Node): Node => {
    const known = done.get(node)
    if (known !== undefined) return known
    const made = { ...node, inputs: node.inputs.map(resolve) }
    done.set(node, made)
    nodes.push(made)
    return made
  }
  const all = (values: ReadonlyMap<string, Value>) =>
    new Map([...values].map(([name, value]) => [name, resolve(value)]))
  // First what is not state: a step in place has to come after all that reads the weight.
  const metrics = all(graph.metrics)
  return { nodes, metrics, state: all(graph.state) }
}
