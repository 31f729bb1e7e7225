import { isSameValue, type Node, type Value } from '../recorder/graph.ts'
import type { Line } from './program-line.ts'

/** Where a result lies that has its place in the memory of one of the program's outputs. */
export interface Home {
  /** The result that leaves the program there. */
  readonly output: Value
  /** The input in whose memory it may lie, or null. */
  readonly input: Value | null
}

/**
 * Which results lie in outputs of the program: those that are wanted outside, and what they are made of in place, element
 * by element, if nothing reads that afterwards: weights on their way through several steps.
 *
 * @param lines of the program's nodes, in their order
 */
export function homesOf(
  lines: ReadonlyMap<Node, Line>,
  wanted: ReadonlyMap<Node, ReadonlySet<number>>,
): (value: Value) => Home | undefined {
  const homes = new Map<Node, Map<number, Home>>()
  const homeOf = ({ node, output }: Value) => homes.get(node)?.get(output)
  const settle = ({ node, output }: Value, home: Home) =>
    homes.set(node, (homes.get(node) ?? new Map<number, Home>()).set(output, home))
  const isWanted = ({ node, output }: Value) => wanted.get(node)?.has(output) === true
  const after: Node[] = []
  for (const [node, { operands, results, places }] of [...lines].reverse()) {
    for (const [k, result] of results.entries()) {
      if (result === null) continue
      const value = { node, output: result }
      const output = isWanted(value) ? value : homeOf(value)?.output
      if (output === undefined) continue
      const before = places[k] === null ? null : operands[places[k]!]!
      const isFree = before !== null && !isWanted(before) && isLastUse(before, node, after)
      const isInside = before !== null && lines.has(before.node)
      settle(value, { output, input: isFree && !isInside ? before : null })
      if (isFree && isInside) settle(before, { output, input: null })
    }
    after.push(node)
  }
  return homeOf
}

/** Whether a node reads a value once, and none that comes after it. */
function isLastUse(value: Value, node: Node, after: readonly Node[]): boolean {
  const count = ({ inputs }: Node) => inputs.filter((input) => isSameValue(input, value)).length
  return count(node) === 1 && after.every((one) => count(one) === 0)
}
