import { areAlike, type Graph, type Node, type Value } from './graph.ts'
import { placeOf, RecordingRefused } from './refusal.ts'

/**
 * Holds two recordings of one step against each other: at step 0, and at step 3 on the state that step 0 left.
 * What differs depends on something else than the step's arguments (JavaScript's random numbers, a counter, a
 * branch, an optimizer object) and would be frozen at its first value.
 *
 * @throws RecordingRefused at the first difference
 */
export function refuseDifference(first: Graph, second: Graph): void {
  const numbers = new Map<Node, number>()
  for (const [index, node] of first.nodes.entries()) numbers.set(node, index)
  for (const [index, node] of second.nodes.entries()) numbers.set(node, index)
  const isSame = (a: Value, b: Value) => a.output === b.output && numbers.get(a.node) === numbers.get(b.node)
  for (let index = 0; index < Math.max(first.nodes.length, second.nodes.length); index++) {
    const [a, b] = [first.nodes[index], second.nodes[index]]
    const reason = difference(a, b, isSame)
    if (reason === null) continue
    const node = (b ?? a)!
    throw new RecordingRefused(reason, { operation: node.name, place: placeOf(node.place) })
  }
  refuseOutputs('state', first.state, second.state, isSame)
  refuseOutputs('metrics', first.metrics, second.metrics, isSame)
}

type IsSame = (a: Value, b: Value) => boolean

function difference(a: Node | undefined, b: Node | undefined, isSame: IsSame): string | null {
  if (a === undefined || b === undefined || a.kind !== b.kind || a.name !== b.name) {
    return `the step does something else the second time (${say(a)}, then ${say(b)}): a branch or loop in JavaScript depends on what changes; choose by tf.where`
  }
  if (!a.outputs.every((form, k) => b.outputs[k] !== undefined && areAlike(form, b.outputs[k]))) {
    const shapes = [a, b].map(({ outputs }) => outputs.map(({ shape }) => `[${shape}]`).join(' '))
    return `a shape differs from step to step (${shapes.join(', then ')}): shapes must depend on nothing that changes`
  }
  if (a.kind === 'constant' && !isSameBytes(a.bytes, b.bytes)) {
    return 'a number made in JavaScript differs from step to step: a counter, a random number of JavaScript or a schedule; make it of now.step, draw it with now.uniform or now.normal, or keep it as state'
  }
  const attributes = [a, b].map((node) => JSON.stringify(node.attributes))
  if (attributes[0] !== attributes[1]) {
    return `its attributes differ from step to step (${attributes.join(', then ')}): they must depend on nothing that changes`
  }
  if (a.inputs.length !== b.inputs.length || !a.inputs.every((input, k) => isSame(input, b.inputs[k]!))) {
    return 'it is given other tensors the second time: a branch in JavaScript depends on what changes; choose by tf.where'
  }
  return null
}

function refuseOutputs(
  what: string,
  first: ReadonlyMap<string, Value>,
  second: ReadonlyMap<string, Value>,
  isSame: IsSame,
): void {
  const names = new Set([...first.keys(), ...second.keys()])
  for (const name of names) {
    const [a, b] = [first.get(name), second.get(name)]
    if (a !== undefined && b !== undefined && isSame(a, b)) continue
    throw new RecordingRefused(
      `${what}.${name} is another tensor of the step the second time: a branch in JavaScript depends on what changes; choose by tf.where`,
    )
  }
}

function say(node: Node | undefined): string {
  if (node === undefined) return 'nothing'
  return node.kind === 'operation' ? node.name : `a ${node.kind}`
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
