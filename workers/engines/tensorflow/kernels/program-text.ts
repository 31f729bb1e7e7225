import { DTYPE } from '../recorder/binding.ts'
import { formOf, isSameShape, type Node, type Value } from '../recorder/graph.ts'
import type { Results } from './shared-slopes.ts'

type Wanted = ReadonlyMap<Node, ReadonlySet<number>>

/** An instruction: its name and numbers, the values that it takes, and which of its node's outputs its results are. */
interface Line {
  readonly words: readonly (string | number)[]
  readonly operands: readonly (Value | null)[]
  readonly results: readonly (number | null)[]
  /** Of each result the operand in whose place it may lie, or null: it is read and written element by element. */
  readonly places: readonly (number | null)[]
}

/** The program of JepalabRuns under way, as native/tensorflow/kernels/program.h reads it. */
export class ProgramText {
  /** Its inputs of numbers, in order. */
  readonly given: Value[] = []
  /** Its inputs that say where in others a value lies. */
  readonly wholes: Value[] = []
  /** Which values its outputs are. */
  readonly results: Value[] = []
  readonly #wanted: Wanted
  readonly #uses: ReadonlyMap<Node, readonly number[]>
  readonly #shared: ReadonlyMap<Node, Results>
  readonly #lines: string[]
  readonly #numbers = new Map<Node, Map<number, number>>()
  #values = 0

  /**
   * @param wanted outputs that are needed outside
   * @param uses of each node the outputs that are used, once for each use
   * @param shared slopes that go through the activation before where they are made
   */
  constructor(
    runs: number,
    {
      wanted,
      uses,
      shared,
    }: {
      readonly wanted: Wanted
      readonly uses: ReadonlyMap<Node, readonly number[]>
      readonly shared: ReadonlyMap<Node, Results>
    },
  ) {
    this.#wanted = wanted
    this.#uses = uses
    this.#shared = shared
    this.#lines = [`runs ${runs}`]
  }

  get program(): string {
    return this.#lines.join('\n')
  }

  /** @param after the nodes that are to come */
  add(node: Node, after: readonly Node[]): void {
    const { words, operands, results, places } = lineOf(node, this.#shared)
    const numbers = operands.map((operand) => (operand === null ? '-' : this.#number(operand)))
    const ends = results.map((output, k) => {
      if (output === null || !this.#uses.get(node)?.includes(output))
        return isLeftOut(node, output) ? '-' : 's'
      if (!this.#wanted.get(node)?.has(output)) return 's'
      this.results.push({ node, output })
      const place = places[k] === null ? null : operands[places[k]!]!
      const input = place !== null && isLastUse(place, node, after) ? this.#inputOf(place) : null
      return `o${this.results.length - 1}${input === null ? '' : `@${input}`}`
    })
    for (const [k, output] of results.entries()) {
      if (ends[k] === '-') continue
      if (output !== null) this.#name({ node, output })
      else this.#values += 1
    }
    this.#lines.push([...words, ...numbers, '>', ...ends].join(' '))
  }

  #name({ node, output }: Value): number {
    const own = this.#numbers.get(node) ?? new Map<number, number>()
    this.#numbers.set(node, own.set(output, this.#values))
    this.#values += 1
    return this.#values - 1
  }

  /** The number of a value, which is an input where it is none yet. */
  #number(value: Value): number {
    const known = this.#numbers.get(value.node)?.get(value.output)
    if (known !== undefined) return known
    const { shape } = formOf(value)
    const batch = pickOf(value)
    if (batch === null) this.#lines.push(`in ${place(this.given, value)} ${shape.join(' ')}`.trim())
    else
      this.#lines.push(
        `pick ${place(this.given, batch.all)} ${place(this.wholes, batch.at)} ${shape.join(' ')}`,
      )
    return this.#name(value)
  }

  #inputOf(value: Value): number | null {
    const index = this.given.findIndex((one) => isSame(one, value))
    return index < 0 ? null : index
  }
}

/** The index of a value in a list, to which it is added where it is not there. */
function place(list: Value[], value: Value): number {
  const index = list.findIndex((one) => isSame(one, value))
  return index < 0 ? list.push(value) - 1 : index
}

const isSame = (one: Value, other: Value) => one.node === other.node && one.output === other.output

/** Whether a node reads a value once, and none that comes after it. */
function isLastUse(value: Value, node: Node, after: readonly Node[]): boolean {
  const count = ({ inputs }: Node) => inputs.filter((input) => isSame(input, value)).length
  return count(node) === 1 && after.every((one) => count(one) === 0)
}

/** Where a batch that is taken out of many by its number lies: nothing is copied then. */
function pickOf({ node }: Value): { readonly all: Value; readonly at: Value } | null {
  if (node.name !== 'GatherV2') return null
  const [all, at, axis] = node.inputs as [Value, Value, Value]
  const isFirst = axis.node.kind === 'constant' && axis.node.bytes.every((byte) => byte === 0)
  const { dtype, shape } = formOf(at)
  const isNumber = dtype === DTYPE.int32 && shape.length === 0
  const isWhole = isSameShape(formOf(all).shape.slice(1), node.outputs[0]!.shape)
  const depth = node.attributes.find(({ name }) => name === 'batch_dims')?.value ?? 0
  return isFirst && isNumber && isWhole && Number(depth) === 0 ? { all, at } : null
}

/** What a layer's kernel leaves out where nobody wants it: the slopes of a bias that is not there. */
function isLeftOut({ name }: Node, output: number | null): boolean {
  if (output === null) return true
  return (name === 'JepalabDenseSgd' && output === 0) || (name === 'JepalabDenseWeightSlopes' && output === 1)
}

function lineOf(node: Node, shared: ReadonlyMap<Node, Results>): Line {
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
