import { boolValue, functionValue, intValue, shapesValue, typesValue, typeValue } from './attributes.ts'
import { DTYPE } from './binding.ts'
import { FunctionText, writeGraph, writeRows } from './emit.ts'
import { type Form, formOf, type Graph, isStateName, nextOf, sizeOf } from './graph.ts'
import type { Operation } from './operations.ts'
import type { Message } from './proto.ts'

/** One tensor that is carried through the loop. */
interface Carried {
  readonly name: string
  readonly dtype: number
}

/** A loop over a recorded step, as three functions of TensorFlow. */
export interface Loop {
  /** The one that is called: (step, count, carried …) → (step, state …, rows). */
  readonly name: string
  readonly definitions: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  /** Arguments after step and count, in order: `seed`, `state.*`, `inputs.*`. */
  readonly arguments: readonly string[]
  /** Names of the state's entries, in the order of the results. */
  readonly state: readonly string[]
  /** Metrics and the numbers of each in a row, in order. */
  readonly metrics: readonly { readonly name: string; readonly shape: readonly number[] }[]
  readonly width: number
}

/**
 * How a loop is run. `functional`: its body is a function that is called at each step. `lowered`: its nodes lie in
 * the calling graph, with switches and merges between them.
 */
export type LoopForm = 'lowered' | 'functional'

/** A graph that takes so many steps: one, or several one after the other (unroll.ts). */
export interface Pass {
  readonly steps: number
  readonly graph: Graph
}

/**
 * Writes the loop of a step.
 *
 * @param passes of more steps first, each taken as long as there are so many left; the last is the step itself
 */
export function writeLoop(
  name: string,
  passes: readonly Pass[],
  operations: (name: string) => Operation | undefined,
  { form, hasOneDnn }: { readonly form: LoopForm; readonly hasOneDnn: boolean },
): Loop {
  const { graph } = passes.at(-1)!
  const carried = carriedBy(graph)
  const metrics = [...graph.metrics].map(([metric, value]) => ({ name: metric, shape: formOf(value).shape }))
  const width = metrics.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const bodies = passes.map((pass) => ({
    steps: pass.steps,
    text: writeBody(`${name}_body${pass.steps}`, pass, operations, carried, {
      width,
      hasOneDnn: hasOneDnn && form === 'functional',
    }),
  }))
  const cond = writeCondition(`${name}_cond`, operations, carried, width > 0)
  const parts = bodies.map(({ steps, text }) => ({ steps, body: text.name }))
  const call = writeCall(name, operations, carried, { parts, cond: cond.name, width, form })
  const results = carried.filter(({ name }) => isStateName(name))
  return {
    name,
    definitions: [...bodies.map(({ text }) => text), cond, call].map((text) => ({
      name: text.name,
      bytes: text.encode(),
    })),
    arguments: carried.map((one) => one.name),
    state: results.map((one) => one.name.slice('state.'.length)),
    metrics,
    width,
  }
}

/** Whatever the graph reads, and the state that it writes. */
function carriedBy(graph: Graph): Carried[] {
  const forms = new Map<string, Form>()
  for (const { kind, name, outputs } of graph.nodes) {
    if (kind === 'argument' && name !== 'step') forms.set(name, outputs[0]!)
  }
  for (const [name, value] of graph.state) forms.set(`state.${name}`, formOf(value))
  return [...forms].map(([name, { dtype }]) => ({ name, dtype }))
}

const INT = DTYPE.int32
const ints: readonly (readonly [string, Message])[] = [['T', typeValue(INT)]]

/** (step, stop, index, carried …, rows) of one pass → the same of the next. */
function writeBody(
  name: string,
  { steps, graph }: Pass,
  operations: (name: string) => Operation | undefined,
  carried: readonly Carried[],
  { width, hasOneDnn }: { readonly width: number; readonly hasOneDnn: boolean },
): FunctionText {
  const hasRows = width > 0
  const text = new FunctionText(name, operations, hasOneDnn)
  const [step, stop] = [text.argument('step', INT), text.argument('stop', INT)]
  const index = hasRows ? text.argument('index', INT) : ''
  const given = new Map(carried.map(({ name, dtype }, k) => [name, text.argument(`a${k}`, dtype)]))
  const rows = hasRows ? text.argument('rows', DTYPE.float32) : ''
  const referenceOf = writeGraph(text, graph, (argument) =>
    argument === 'step' ? step : given.get(argument)!,
  )
  const length = text.whole('length', [steps], [])
  text.result('step_', INT, text.node('next', 'AddV2', [step, length], ints, ['z:0'])[0]!)
  text.result('stop_', INT, stop)
  if (hasRows) text.result('index_', INT, text.node('after', 'AddV2', [index, length], ints, ['z:0'])[0]!)
  for (const [k, { name: argument, dtype }] of carried.entries()) {
    const value = nextOf(graph.state, argument)
    text.result(`r${k}`, dtype, value === undefined ? given.get(argument)! : referenceOf(value))
  }
  if (hasRows) {
    const made = writeRows(text, [...graph.metrics.values()], [steps, width], referenceOf)
    const at = steps === 1 ? index : writePlaces(text, index, steps)
    const types = [['T', typeValue(DTYPE.float32)] as const, ['Tindices', typeValue(INT)] as const]
    const kept = text.node('kept', 'TensorScatterUpdate', [rows, at, made], types, ['output:0'])
    text.result('rows_', DTYPE.float32, kept[0]!)
  }
  return text
}

/** Of rows from `index` [1, 1] on, [steps, 1]. */
function writePlaces(text: FunctionText, index: string, steps: number): string {
  const each = text.whole('each', [...Array(steps).keys()], [steps, 1])
  return text.node('at', 'AddV2', [index, each], ints, ['z:0'])[0]!
}

/** step < stop. */
function writeCondition(
  name: string,
  operations: (name: string) => Operation | undefined,
  carried: readonly Carried[],
  hasRows: boolean,
): FunctionText {
  const text = new FunctionText(name, operations)
  const [step, stop] = [text.argument('step', INT), text.argument('stop', INT)]
  if (hasRows) text.argument('index', INT)
  for (const [k, { dtype }] of carried.entries()) text.argument(`a${k}`, dtype)
  if (hasRows) text.argument('rows', DTYPE.float32)
  text.result('more', DTYPE.bool, text.node('less', 'Less', [step, stop], ints, ['z:0'])[0]!)
  return text
}

interface Call {
  /** Bodies of loops, of more steps first. */
  readonly parts: readonly { readonly steps: number; readonly body: string }[]
  readonly cond: string
  readonly width: number
  readonly form: LoopForm
}

/** (step, count, carried …) → (step, state …, rows [count, width]). */
function writeCall(
  name: string,
  operations: (name: string) => Operation | undefined,
  carried: readonly Carried[],
  { parts, cond, width, form }: Call,
): FunctionText {
  const text = new FunctionText(name, operations)
  const [step, count] = [text.argument('step', INT), text.argument('count', INT)]
  const stop = text.node('stop', 'AddV2', [step, count], ints, ['z:0'])[0]!
  const given = carried.map(({ dtype }, k) => text.argument(`a${k}`, dtype))
  const index = width > 0 ? [text.whole('index', [0], [1, 1])] : []
  const rows = width > 0 ? [writeZeros(text, count, width)] : []
  const types = [
    ...[INT, INT, ...index.map(() => INT)],
    ...carried.map(({ dtype }) => dtype),
    ...rows.map(() => DTYPE.float32),
  ]
  let values = [step, stop, ...index, ...given, ...rows]
  for (const { steps, body } of parts) {
    const attributes: (readonly [string, Message])[] = [
      ['T', typesValue(types)],
      ['cond', functionValue(cond)],
      ['body', functionValue(body)],
      ['output_shapes', shapesValue([])],
    ]
    if (form === 'lowered') attributes.push(['_lower_using_switch_merge', boolValue(true)])
    const inputs = [values[0]!, stopBefore(text, stop, steps), ...values.slice(2)]
    const outputs = inputs.map((_, k) => `output:${k}`)
    values = text.node(`loop${steps}`, 'StatelessWhile', inputs, attributes, outputs)
  }
  text.result('step_', INT, values[0]!)
  for (const [k, { name: argument, dtype }] of carried.entries()) {
    if (isStateName(argument)) text.result(`r${k}`, dtype, values[2 + index.length + k]!)
  }
  if (width > 0) text.result('rows', DTYPE.float32, values.at(-1)!)
  return text
}

/** The step from which on fewer than `steps` are left. */
function stopBefore(text: FunctionText, stop: string, steps: number): string {
  if (steps === 1) return stop
  const rest = text.whole(`rest${steps}`, [1 - steps], [])
  return text.node(`stop${steps}`, 'AddV2', [stop, rest], ints, ['z:0'])[0]!
}

/** Zeros [count, width]. */
function writeZeros(text: FunctionText, count: string, width: number): string {
  const columns = text.whole('columns', [width], [])
  const pack = [['N', intValue(2)] as const, ['T', typeValue(INT)] as const]
  const shape = text.node('shape', 'Pack', [count, columns], pack, ['output:0'])[0]!
  const zero = text.constant('zero', { dtype: DTYPE.float32, shape: [] }, new Uint8Array(4))
  const types = [['T', typeValue(DTYPE.float32)] as const, ['index_type', typeValue(INT)] as const]
  return text.node('zeros', 'Fill', [shape, zero], types, ['output:0'])[0]!
}
