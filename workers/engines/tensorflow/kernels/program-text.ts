import { DTYPE } from '../recorder/binding.ts'
import { formOf, isSameShape, isSameValue, type Node, type Value } from '../recorder/graph.ts'
import type { Home } from './homes.ts'
import { isLeftOut, type Line } from './program-line.ts'

/** The program of JepalabRuns under way, as native/tensorflow/kernels/program.h reads it. */
export class ProgramText {
  /** Its inputs of numbers, in order. */
  readonly given: Value[] = []
  /** Its inputs that say where in others a value lies. */
  readonly wholes: Value[] = []
  /** Which values its outputs are. */
  readonly results: Value[] = []
  readonly #uses: ReadonlyMap<Node, readonly number[]>
  readonly #homeOf: (value: Value) => Home | undefined
  readonly #lines: string[]
  readonly #numbers = new Map<Node, Map<number, number>>()
  #values = 0

  /**
   * @param uses of each node the outputs that are used, once for each use
   * @param homeOf where results lie that lie in outputs
   */
  constructor(
    runs: number,
    uses: ReadonlyMap<Node, readonly number[]>,
    homeOf: (value: Value) => Home | undefined,
  ) {
    this.#uses = uses
    this.#homeOf = homeOf
    this.#lines = [`runs ${runs}`]
  }

  get program(): string {
    return this.#lines.join('\n')
  }

  add(node: Node, { words, operands, results }: Line): void {
    const numbers = operands.map((operand) => (operand === null ? '-' : this.#number(operand)))
    const ends = results.map((output) => {
      if (output === null || !this.#uses.get(node)?.includes(output))
        return isLeftOut(node, output) ? '-' : 's'
      const home = this.#homeOf({ node, output })
      return home === undefined ? 's' : this.#end(home)
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

  #end({ output, input }: Home): string {
    const index = input === null ? -1 : this.given.findIndex((one) => isSameValue(one, input))
    return `o${place(this.results, output)}${index < 0 ? '' : `@${index}`}`
  }
}

/** The index of a value in a list, to which it is added where it is not there. */
function place(list: Value[], value: Value): number {
  const index = list.findIndex((one) => isSameValue(one, value))
  return index < 0 ? list.push(value) - 1 : index
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
