import type { Graph, Node, Value } from '../recorder/graph.ts'

const SLOPES = 'JepalabDenseWeightSlopes'
const STEP = 'JepalabSgd'

/**
 * The same graph in which a layer's gradient and the step of sgd on its weights are one operation, where nothing else
 * needs that gradient: it is then never written to memory. The bits are the same.
 */
export function fuseUpdates(graph: Graph): Graph {
  const uses = usesOf(graph)
  const replaced = new Map<Node, (output: number) => Value>()
  const needy = needingSlopes(graph)
  const steps = graph.nodes.filter((node) => node.name === STEP && isFusible(node, uses, needy))
  for (const step of steps) {
    const { node: slopes } = step.inputs[1]!
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
  return steps.length === 0 ? graph : rewritten(graph, replaced)
}

/** Nodes that make something of slopes. */
function needingSlopes({ nodes }: Graph): Set<Node> {
  const found = new Set<Node>()
  for (const node of nodes) {
    if (node.inputs.some((input) => input.node.name === SLOPES || found.has(input.node))) found.add(node)
  }
  return found
}

function isFusible(
  { inputs }: Node,
  uses: ReadonlyMap<Node, readonly number[]>,
  needy: ReadonlySet<Node>,
): boolean {
  const { node, output } = inputs[1]!
  if (node.name !== SLOPES || output !== 0) return false
  // A rate that follows from slopes, of this layer's bias say, cannot be known before they are.
  const others = inputs.filter((_, index) => index !== 1)
  if (others.some((input) => input.node.name === SLOPES || needy.has(input.node))) return false
  return uses.get(node)!.filter((one) => one === 0).length === 1
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
