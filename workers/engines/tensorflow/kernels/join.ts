import { ATTRIBUTE, DTYPE } from '../recorder/binding.ts'
import { formOf, type Graph, isSameShape, isStateName, type Node, type Value } from '../recorder/graph.ts'
import { fuseUpdates, readersOf, rewritten, usesOf } from './fuse.ts'
import { homesOf } from './homes.ts'
import { lineOf, uniform } from './program-line.ts'
import { ProgramText } from './program-text.ts'
import { sharedSlopes } from './shared-slopes.ts'

/** Those that make the next state of a weight. */
const UPDATES = new Set(['JepalabDenseSgd', 'JepalabSgd', 'JepalabAdam'])
/** Operations of our own that a program can hold; whatever else it holds is arithmetic between their results. */
const OWN = new Set([
  ...['JepalabDense', 'JepalabDenseInputSlopes', 'JepalabDenseWeightSlopes', 'JepalabSquares'],
  ...UPDATES,
])
const ARITHMETIC = new Set(['Add', 'AddV2', 'Sub', 'Mul'])

/** The graph of a net's step as it is run: gradients and updates in one, then all that can be one operation. The bits are the same. */
export function fused(graph: Graph): Graph {
  return joinOperations(fuseUpdates(graph))
}

/**
 * The same graph in which operations of our own that need each other's results, with the arithmetic between them, are one
 * operation that takes R runs through all of them, piece by piece (native/tensorflow/kernels/runs.cc): what lies between two
 * of them stays in the caches, and TensorFlow has one operation to start and not thirty. The bits are the same. What it
 * cannot hold stays as it is, and parts it in two.
 */
function joinOperations(graph: Graph): Graph {
  const uses = usesOf(graph)
  const replaced = new Map<Node, (output: number) => Value>()
  for (const members of groupsOf(graph)) {
    if (members.filter(({ name }) => OWN.has(name)).length < 2) continue
    const { node, places } = joined(graph, members, uses)
    for (const member of members) {
      replaced.set(member, (output) => ({ node, output: places.get(member)!.get(output)! }))
    }
  }
  return replaced.size === 0 ? graph : rewritten(graph, replaced)
}

/**
 * Nodes that can be one operation: of the same number of runs, and such that no way leads out of a group and back into
 * it. A node's level is the greatest number of times that a way to it has left a group.
 */
function groupsOf({ nodes }: Graph): Node[][] {
  const levels = new Map<Node, number>()
  const groups = new Map<string, Node[]>()
  for (const node of nodes) {
    const runs = runsOf(node)
    const from = node.inputs.map(({ node: input }) => {
      const before = runsOf(input)
      return levels.get(input)! + (before !== null && before !== runs ? 1 : 0)
    })
    const level = Math.max(0, ...from)
    levels.set(node, level)
    if (runs === null) continue
    const key = `${level} ${runs}`
    groups.set(key, [...(groups.get(key) ?? []), node])
  }
  return [...groups.values()]
}

/** How many runs a node works on, where a program can hold it; else null. */
function runsOf({ kind, name, inputs, outputs }: Node): number | null {
  const { dtype, shape } = outputs[0] ?? { dtype: DTYPE.bool, shape: [] }
  if (kind !== 'operation' || dtype !== DTYPE.float32 || shape.length === 0) return null
  if (OWN.has(name)) return name === 'JepalabSquares' ? formOf(inputs[0]!).shape[0]! : shape[0]!
  if (!ARITHMETIC.has(name) || shape.length < 2) return null
  const [one, other] = inputs as [Value, Value]
  const isWhole = (value: Value) => isSameShape(formOf(value).shape, shape)
  const isByNumber = name === 'Mul' && uniform(other) !== null && isWhole(one)
  return isByNumber || (isWhole(one) && isWhole(other)) ? shape[0]! : null
}

/** One node for the members of a group; `places`: where each of their outputs that others need lies in it. */
function joined(graph: Graph, members: readonly Node[], uses: ReadonlyMap<Node, readonly number[]>) {
  const inside = new Set(members)
  const wanted = wantedOutside(graph, inside)
  const shared = sharedSlopes(members, wanted)
  const lines = new Map(updatesEarly(members).map((member) => [member, lineOf(member, shared)]))
  const text = new ProgramText(runsOf(members[0]!)!, uses, homesOf(lines, wanted))
  for (const [member, line] of lines) text.add(member, line)
  const { program, given, wholes, results } = text
  const node: Node = {
    ...members[0]!,
    name: 'JepalabRuns',
    attributes: [
      { name: 'inputs', type: ATTRIBUTE.int, value: given.length },
      { name: 'wholes', type: ATTRIBUTE.int, value: wholes.length },
      { name: 'results', type: ATTRIBUTE.int, value: results.length },
      { name: 'program', type: ATTRIBUTE.string, value: program },
    ],
    inputs: [...given, ...wholes],
    outputs: results.map(formOf),
  }
  const places = new Map<Node, Map<number, number>>()
  for (const [place, { node: member, output }] of results.entries()) {
    const own = places.get(member) ?? new Map<number, number>()
    places.set(member, own.set(output, place))
  }
  return { node, places }
}

/**
 * The members in an order in which every update of a layer comes as soon as nothing else reads what it replaces: what
 * it is made of is still in the first cache then.
 */
function updatesEarly(members: readonly Node[]): Node[] {
  const ordered = new Set<Node>()
  const waiting = waitsOf(members)
  const take = (node: Node) => {
    ordered.add(node)
    waiting.delete(node)
    for (const others of waiting.values()) others.delete(node)
  }
  const next = () => [...waiting].find(([, others]) => others.size === 0)?.[0]
  for (const member of members) {
    if (ordered.has(member)) continue
    take(member)
    for (let update = next(); update !== undefined; update = next()) take(update)
  }
  return [...ordered]
}

/** Of each update what comes before it: what it is made of, and whatever else reads the state that it replaces. */
function waitsOf(members: readonly Node[]): Map<Node, Set<Node>> {
  const readers = readersOf(members)
  const inside = new Set(members)
  const waits = new Map<Node, Set<Node>>()
  for (const update of members.filter(({ name }) => UPDATES.has(name))) {
    const others = update.inputs.flatMap(({ node }) => [node, ...(isState(node) ? readers.get(node)! : [])])
    waits.set(update, new Set(others.filter((node) => node !== update && inside.has(node))))
  }
  return waits
}

/** Whether it is part of the state between two steps: given, or made by the step before. */
const isState = (node: Node) => UPDATES.has(node.name) || isStateName(node.name)

/** Outputs of the members that something else needs. */
function wantedOutside({ nodes, state, metrics }: Graph, inside: ReadonlySet<Node>) {
  const wanted = new Map<Node, Set<number>>()
  const needed = nodes.filter((node) => !inside.has(node)).flatMap(({ inputs }) => inputs)
  for (const { node, output } of [...needed, ...state.values(), ...metrics.values()]) {
    if (inside.has(node)) wanted.set(node, (wanted.get(node) ?? new Set()).add(output))
  }
  return wanted
}
