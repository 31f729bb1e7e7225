import { correctTypes } from './attributes.ts'
import { type Attribute, type Binding, DTYPE, type Handle } from './binding.ts'
import { constantBytes } from './constant.ts'
import { type Form, formOf, type Node, sizeOf, type Value } from './graph.ts'
import type { Operation } from './operations.ts'
import { markPlace, placeOf, RecordingRefused } from './refusal.ts'
import type { StepArguments } from './step.ts'

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

type Operations = (name: string) => Operation | undefined

/**
 * The calls of one step, as nodes. Its methods stand in for those of the binding: they note what is done, and do it.
 */
export class Tape {
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
    const say = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`
    const remedy = 'make it an input, or compute it in the step'
    this.#constants += length
    if (length > LARGEST_CONSTANT) {
      const fact = `a constant of shape [${shape}] holds ${say(length)}, more than ${say(LARGEST_CONSTANT)}`
      throw new RecordingRefused(`${fact}; ${remedy}`, { place: placeOf(mark) })
    }
    if (this.#constants > MOST_CONSTANTS) {
      const fact = `the step's constants come to more than ${say(MOST_CONSTANTS)}`
      throw new RecordingRefused(`${fact} here; ${remedy}`, { place: placeOf(mark) })
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
/** The place of what is no line of a step. */
export const NOWHERE = new Error('an argument')
const EMPTY = { name: '', attributes: [], inputs: [], bytes: NOTHING }

function refuseCapture(operation: string, shape: readonly number[] | null, mark: Error): RecordingRefused {
  const which = shape === null ? 'a tensor' : `a tensor of shape [${shape}]`
  return new RecordingRefused(
    `${which} from outside of the step is used; give it as state where steps change it (the slots of an optimizer object too), else as an input`,
    { operation, place: placeOf(mark) },
  )
}

function isFoldable({ dtype, shape }: Handle): boolean {
  return FOLDABLE.includes(dtype) && sizeOf(shape) * 4 <= LARGEST_FOLDED
}

function formOfHandle({ dtype, shape }: Handle): Form {
  return { dtype, shape }
}
