import { constantBytes, correctTypes } from './attributes.ts'
import {
  type Attribute,
  type Backend,
  type Binding,
  DTYPE,
  type Handle,
  hold,
  type Tfjs,
  wrapBinding,
} from './binding.ts'
import { areAlike, type Form, formOf, type Graph, type Node, sizeOf, type Value } from './graph.ts'
import type { Operation } from './operations.ts'
import { withOverrides } from './overrides.ts'
import { markPlace, placeOf, RecordingRefused } from './refusal.ts'
import { callStep, type Outcome, type Step, type StepArguments, type Tensor, type Tensors } from './step.ts'

const MB = 2 ** 20

/** Constants are copied with every load of a graph; what is larger belongs on the device once, as an input. */
const LARGEST_CONSTANT = 4 * MB

/** All constants of a step, of the 2 GB that a protocol buffer can hold. */
const MOST_CONSTANTS = 256 * MB

/** What is made of constants alone is looked at, whether it can be one, up to this many bytes. */
const LARGEST_FOLDED = 64 * MB

/** Operations whose results' shapes depend on values, so that no graph can be made for them beforehand. */
const SHAPED_BY_VALUES = new Set([
  ...['Where', 'Unique', 'UniqueV2', 'UniqueWithCounts', 'ListDiff', 'DynamicPartition', 'SparseReshape'],
  ...['NonMaxSuppression', 'NonMaxSuppressionV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4'],
  ...['NonMaxSuppressionV5', 'NonMaxSuppressionWithOverlaps', 'Bincount', 'DenseBincount'],
])

const FOLDABLE: readonly number[] = [DTYPE.float32, DTYPE.int32, DTYPE.bool]

/** A step that was run once, what it did, and the state that it left, held until the caller frees it. */
export interface Trace {
  readonly graph: Graph
  readonly state: ReadonlyMap<string, Handle>
}

type Operations = (name: string) => Operation | undefined

/**
 * Runs a step once, eagerly, and writes down every call that it makes of the native module: an id that came out
 * of a call is that node's output, an id of the arguments an argument, values that were made in the step a
 * constant, and anything else is refused.
 *
 * @throws RecordingRefused with the operation, the reason and the place
 */
export function traceStep(
  tf: Tfjs,
  backend: Backend,
  operations: Operations,
  step: Step<Tensors, Tensors, Tensors>,
  given: StepArguments,
  kept: Tensor[],
): Trace {
  const { binding } = backend
  const tape = new Tape(binding, operations, given)
  const { move } = backend
  backend.binding = wrapBinding(binding, {
    executeOp: (...call) => tape.execute(...call),
    createTensor: (...call) => tape.create(...call),
    tensorDataSync: (id) => tape.read(id),
  })
  backend.move = (data, values, ...rest) => {
    tape.noteValues(values)
    move.call(backend, data, values, ...rest)
  }
  try {
    return withOverrides(tf, backend, () =>
      callStep(tf, backend, step, given, kept, (outcome) => finish(backend, tape, given, outcome, binding)),
    )
  } finally {
    backend.binding = binding
    backend.move = move
  }
}

/** The calls of one step, as nodes. */
class Tape {
  readonly nodes: Node[] = []
  readonly #binding: Binding
  readonly #operations: Operations
  readonly #values = new Map<number, Value>()
  readonly #made = new WeakSet<object>()
  #constants = 0 // bytes

  constructor(binding: Binding, operations: Operations, given: StepArguments) {
    this.#binding = binding
    this.#operations = operations
    this.#argument('step', given.step)
    this.#argument('seed', given.seed)
    for (const [name, handle] of given.state) this.#argument(`state.${name}`, handle)
    for (const [name, handle] of given.inputs) this.#argument(`inputs.${name}`, handle)
  }

  /** Values that tfjs was given while the step ran; others were there before. */
  noteValues(values: unknown): void {
    if (typeof values === 'object' && values !== null) this.#made.add(values)
  }

  execute(name: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): Handle[] {
    const place = markPlace()
    const operation = this.#operations(name)
    this.#refuse(operation, name, place)
    const inputs = ids.map((id) => this.valueOf(id, name, place))
    const corrected = correctTypes(
      operation!,
      attributes,
      inputs.map((input) => formOf(input).dtype),
    )
    const handles = this.#binding.executeOp(name, corrected, ids, outputs)
    this.#register(name, corrected, inputs, handles, place)
    return handles
  }

  create(shape: readonly number[], dtype: number, values: ArrayBufferView): number {
    const place = markPlace()
    if (!this.#made.has(values)) throw refuseCapture('', shape, place)
    if (!ArrayBuffer.isView(values)) {
      throw new RecordingRefused('a string is made in the step; texts have no place in it', {
        place: placeOf(place),
      })
    }
    const bytes = constantBytes(dtype, values)
    this.#refuseSize(bytes, shape, place)
    const id = this.#binding.createTensor(shape, dtype, values)
    this.#constant({ id, shape, dtype }, bytes, place)
    return id
  }

  read(id: number): ArrayBufferView {
    const place = markPlace()
    const isKnown = this.#values.has(id)
    const what = isKnown ? 'a value is read into JavaScript' : 'a tensor from outside is read into JavaScript'
    throw new RecordingRefused(
      `${what}, and a graph has no JavaScript; keep it a tensor, return it as a metric, or choose by tf.where`,
      { place: placeOf(place) },
    )
  }

  valueOf(id: number, name: string, place: Error): Value {
    const value = this.#values.get(id)
    if (value === undefined) throw refuseCapture(name, null, place)
    return value
  }

  #refuse(operation: Operation | undefined, name: string, mark: Error): void {
    const reason =
      operation === undefined
        ? 'this library has no such operation'
        : operation.isStateful
          ? 'it keeps a state of its own, which a graph would draw on in another order; use now.uniform, now.normal or now.integers for random numbers'
          : SHAPED_BY_VALUES.has(name)
            ? 'the shape of its result depends on values; use tf.where with three arguments, or weights of 0 and 1, and keep the shape'
            : null
    if (reason !== null) throw new RecordingRefused(reason, { operation: name, place: placeOf(mark) })
  }

  #refuseSize({ length }: Uint8Array, shape: readonly number[], mark: Error): void {
    const place = placeOf(mark)
    const say = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`
    const remedy = 'make it an input, or compute it in the step'
    this.#constants += length
    if (length > LARGEST_CONSTANT) {
      const fact = `a constant of shape [${shape}] holds ${say(length)}, more than ${say(LARGEST_CONSTANT)}`
      throw new RecordingRefused(`${fact}; ${remedy}`, { place })
    }
    if (this.#constants > MOST_CONSTANTS) {
      const fact = `the step's constants come to more than ${say(MOST_CONSTANTS)}`
      throw new RecordingRefused(`${fact} here; ${remedy}`, { place })
    }
  }

  #register(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Value[],
    handles: readonly Handle[],
    place: Error,
  ): void {
    const isConstant = inputs.every(({ node }) => node.kind === 'constant') // also of no inputs at all
    if (isConstant && handles.every(isFoldable)) {
      const all = handles.map(({ id, dtype }) => constantBytes(dtype, this.#binding.tensorDataSync(id)))
      if (all.every(({ length }) => length <= LARGEST_CONSTANT)) {
        for (const [k, handle] of handles.entries()) this.#constant(handle, all[k]!, place)
        return
      }
    }
    const outputs = handles.map(formOfHandle)
    const node = { kind: 'operation', name, attributes, inputs, outputs, bytes: NOTHING, place } as const
    this.nodes.push(node)
    for (const [output, handle] of handles.entries()) this.#values.set(handle.id, { node, output })
  }

  #argument(name: string, handle: Handle): void {
    const node = {
      ...EMPTY,
      kind: 'argument',
      name,
      outputs: [formOfHandle(handle)],
      place: NOWHERE,
    } as const
    this.nodes.push(node)
    this.#values.set(handle.id, { node, output: 0 })
  }

  #constant(handle: Handle, bytes: Uint8Array, place: Error): void {
    const node = { ...EMPTY, kind: 'constant', outputs: [formOfHandle(handle)], bytes, place } as const
    this.nodes.push(node)
    this.#values.set(handle.id, { node, output: 0 })
  }
}

const NOTHING = new Uint8Array(0)
const NOWHERE = new Error('an argument')
const EMPTY = { name: '', attributes: [], inputs: [], bytes: NOTHING }

function finish(
  backend: Backend,
  tape: Tape,
  given: StepArguments,
  { state, metrics = {} }: Outcome<Tensors, Tensors>,
  binding: Binding,
): Trace {
  const place = NOWHERE
  const idOf = (tensor: Tensors[string]) => backend.getInputTensorIds([tensor])[0]!
  const next = new Map<string, Value>()
  const ids = new Map<string, number>()
  for (const name of Object.keys(state)) {
    if (!given.state.has(name))
      throw new RecordingRefused(`the step returns state.${name}, which it was not given`)
  }
  for (const [name, before] of given.state) {
    const tensor = state[name]
    if (tensor === undefined) throw new RecordingRefused(`the step does not return state.${name}`)
    const id = idOf(tensor)
    const value = tape.valueOf(id, `state.${name}`, place)
    refuseChange(name, before, formOf(value))
    next.set(name, value)
    ids.set(name, id)
  }
  const measured = new Map(
    Object.entries(metrics).map(([name, tensor]) => [
      name,
      tape.valueOf(idOf(tensor), `metrics.${name}`, place),
    ]),
  )
  const held = new Map(
    [...ids].map(([name, id]) => [name, hold(binding, { id, ...formOf(next.get(name)!) })]),
  )
  return { graph: { nodes: tape.nodes, state: next, metrics: measured }, state: held }
}

function refuseChange(name: string, before: Handle, after: Form): void {
  if (areAlike(before, after)) return
  const say = ({ dtype, shape }: Form) => `${nameOf(dtype)} [${shape}]`
  throw new RecordingRefused(
    `state.${name} is ${say(before)} before the step and ${say(after)} after it; a state keeps its type and shape`,
  )
}

function refuseCapture(operation: string, shape: readonly number[] | null, mark: Error): RecordingRefused {
  const which = shape === null ? 'a tensor' : `a tensor of shape [${shape}]`
  return new RecordingRefused(
    `${which} from outside of the step is used; give it as state where steps change it (the slots of an optimizer object too), else as an input`,
    { operation, place: placeOf(mark) },
  )
}

function nameOf(dtype: number): string {
  return Object.entries(DTYPE).find(([, number]) => number === dtype)?.[0] ?? `type ${dtype}`
}

function isFoldable({ dtype, shape }: Handle): boolean {
  return FOLDABLE.includes(dtype) && sizeOf(shape) * 4 <= LARGEST_FOLDED
}

function formOfHandle({ dtype, shape }: Handle): Form {
  return { dtype, shape }
}
