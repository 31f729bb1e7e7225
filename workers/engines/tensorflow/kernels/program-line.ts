import { DTYPE } from '../recorder/binding.ts'
import { formOf, type Node, type Value } from '../recorder/graph.ts'
import type { Results } from './shared-slopes.ts'

/** An instruction: its name and numbers, the values that it takes, and which of its node's outputs its results are. */
export interface Line {
  readonly words: readonly (string | number)[]
  readonly operands: readonly (Value | null)[]
  readonly results: readonly (number | null)[]
  /** Of each result the operand in whose place it may lie, or null: it is read and written element by element. */
  readonly places: readonly (number | null)[]
}

/** @param shared slopes that go through the activation before where they are made */
export function lineOf(node: Node, shared: ReadonlyMap<Node, Results>): Line {
  const { name, inputs } = node
  const of = (attribute: string) => attributeOf(node, attribute)
  const [a, b, c, d, e] = inputs as [Value, Value, Value, Value, Value]
  const activation = () => String(of('activation'))
  /** What slopes are made of: results and slopes by them, or slopes by what went into the activation already. */
  const back = () => (shared.has(c.node) ? { through: 'linear', y: c } : { through: activation(), y: b })
  switch (name) {
    case 'JepalabDense': {
      const bias = formOf(c).shape.length === 1 ? null : c
      return line(['dense', activation()], [a, b, bias], [0])
    }
    case 'JepalabDenseInputSlopes': {
      const { through, y } = back()
      const before = shared.get(node) ?? null
      const words = ['input-slopes', through, before?.activation ?? 'linear']
      return line(words, [a, y, c, before?.value ?? null], [0])
    }
    case 'JepalabDenseWeightSlopes': {
      const { through, y } = back()
      return line(['weight-slopes', through], [a, y, c], [0, 1])
    }
    case 'JepalabDenseSgd': {
      const { through, y } = back()
      const { operands, results } = sgdSlots(node, 5, 2)
      const words = ['dense-sgd', through, ...numbersOf(node, ['momentum', 'decay'])]
      return line(words, [a, y, c, d, e, ...operands], [0, 1, ...results], [null, 3, 5, 6])
    }
    case 'JepalabSgd': {
      const { operands, results } = sgdSlots(node, 3, 1)
      const words = ['sgd', ...numbersOf(node, ['momentum', 'decay'])]
      return line(words, [a, b, c, ...operands], [0, ...results], [0, 3, 4])
    }
    case 'JepalabAdam': {
      const names = ['beta1', 'rest1', 'beta2', 'rest2', 'epsilon', 'decay', 'decoupled']
      const lost = inputs[7] ?? null
      const operands = [...inputs.slice(0, 7), lost]
      return line(['adam', ...numbersOf(node, names)], operands, [0, 1, 2, lost && 3], [0, 5, 6, 7])
    }
    case 'JepalabSquares':
      return line(['squares'], [a], [0])
    default:
      return arithmetic(name, a, b)
  }
}

function arithmetic(name: string, a: Value, b: Value): Line {
  if (name !== 'Mul') return line([name === 'Sub' ? 'subtract' : 'add'], [a, b], [0])
  const number = uniform(b)
  return number === null ? line(['multiply'], [a, b], [0]) : line(['scale', number], [a], [0])
}

/** The finite number that all elements of a constant are, or null. */
export function uniform({ node }: Value): number | null {
  if (node.kind !== 'constant' || node.outputs[0]!.dtype !== DTYPE.float32 || node.bytes.length === 0)
    return null
  const numbers = new Float32Array(node.bytes.slice().buffer)
  const [first] = numbers as Iterable<number> as [number]
  return Number.isFinite(first) && numbers.every((number) => number === first) ? first : null
}

function line(
  words: readonly (string | number)[],
  operands: readonly (Value | null)[],
  results: readonly (number | null)[],
  places: readonly (number | null)[] = results.map(() => null),
): Line {
  return { words, operands, results, places }
}

/** Momentum and what was lost, where there are such: inputs from `first` on, outputs from `output` on. */
function sgdSlots(node: Node, first: number, output: number) {
  const isCompensated = Boolean(attributeOf(node, 'compensated'))
  const count = Number(attributeOf(node, 'slots'))
  const hasMomentum = count > (isCompensated ? 1 : 0)
  const slots = [hasMomentum ? 0 : null, isCompensated ? count - 1 : null]
  return {
    operands: slots.map((slot) => (slot === null ? null : node.inputs[first + slot]!)),
    results: slots.map((slot) => (slot === null ? null : output + slot)),
  }
}

function numbersOf(node: Node, names: readonly string[]): number[] {
  return names.map((name) => Number(attributeOf(node, name)))
}

function attributeOf({ attributes }: Node, wanted: string): unknown {
  return attributes.find(({ name }) => name === wanted)!.value
}
/** What a layer's kernel leaves out where nobody wants it: the slopes of a bias that is not there. */
export function isLeftOut({ name }: Node, output: number | null): boolean {
  if (output === null) return true
  return (name === 'JepalabDenseSgd' && output === 0) || (name === 'JepalabDenseWeightSlopes' && output === 1)
}
