import { isSameValue, type Node, type Value } from '../recorder/graph.ts'

const SLOPES = ['JepalabDenseInputSlopes', 'JepalabDenseWeightSlopes', 'JepalabDenseSgd']
const [Y, DY] = [1, 2] // where these operations have a layer's results and the slopes by them

/** What an activation gave, and its name. */
export interface Results {
  readonly activation: string
  readonly value: Value
}

/**
 * Slopes by the results of a layer's activation that only that layer's own slopes are made of. Whoever makes them may
 * turn them at once into those by what went into the activation, where else each reader does so for itself.
 *
 * @param wanted outputs that are needed outside of the members
 */
export function sharedSlopes(
  members: readonly Node[],
  wanted: ReadonlyMap<Node, ReadonlySet<number>>,
): Map<Node, Results> {
  const found = new Map<Node, Results>()
  for (const node of members) {
    if (node.name !== 'JepalabDenseInputSlopes' || wanted.has(node)) continue
    const readers = members.filter(({ inputs }) => inputs.some((input) => input.node === node))
    const [first] = readers.map(resultsOf)
    if (first === undefined || first.activation === 'linear') continue
    const areAlike = readers.every(
      (reader) => isAlike(resultsOf(reader), first) && readsAsSlopes(reader, node),
    )
    if (areAlike) found.set(node, first)
  }
  return found
}

function resultsOf(node: Node): Results {
  const activation = node.attributes.find(({ name }) => name === 'activation')?.value
  return { activation: String(activation ?? 'linear'), value: node.inputs[Y] ?? node.inputs[0]! }
}

function isAlike(one: Results, other: Results): boolean {
  return isSameValue(one.value, other.value) && one.activation === other.activation
}

function readsAsSlopes({ name, inputs }: Node, slopes: Node): boolean {
  return SLOPES.includes(name) && inputs.every((input, index) => (input.node === slopes) === (index === DY))
}
