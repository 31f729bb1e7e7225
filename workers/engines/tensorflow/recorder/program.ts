import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Backend, DTYPE, type Handle, handleOf, hold } from './binding.ts'
import { sizeOf } from './graph.ts'
import type { Loop } from './loop.ts'
import type { Tensors } from './step.ts'

/** Metrics of the steps of one call: name → numbers, step by step, a step's own in row-major order. */
export type Metrics<M extends Tensors> = { readonly [Name in keyof M]: Float32Array }

/** What a program is made of; it owns the handles from then on. */
export interface Parts {
  readonly backend: Backend
  readonly loop: Loop
  readonly seed: Handle
  readonly state: Map<string, Handle>
  readonly inputs: Map<string, Handle>
}

/**
 * A recorded step with its state, both in TensorFlow. Every call of `run` takes it some steps on; nothing passes
 * through JavaScript but the metrics. Close it, or its memory is kept.
 */
export class Program<S extends Tensors, I extends Tensors, M extends Tensors> {
  readonly #backend: Backend
  readonly #loop: Loop
  readonly #seed: Handle
  readonly #state: Map<string, Handle>
  readonly #inputs: Map<string, Handle>
  #step = 0
  #isClosed = false

  /** Made by `record`. */
  constructor({ backend, loop, seed, state, inputs }: Parts) {
    this.#backend = backend
    this.#loop = loop
    this.#seed = seed
    this.#state = state
    this.#inputs = inputs
  }

  /** Steps done: the number of the next. */
  get step(): number {
    return this.#step
  }

  /**
   * Takes `steps` steps in one call, which cannot be interrupted (see `chunked`). Where TensorFlow fails (an index
   * out of range, no memory) the state stays what it was before the call.
   */
  run(steps: number): Metrics<M> {
    this.#demandOpen()
    if (!Number.isInteger(steps) || steps < 1)
      throw new RangeError(`${steps} steps: at least 1, and a whole number`)
    const { binding } = this.#backend
    const loop = this.#loop
    const bounds = [this.#step, this.#step + steps].map((number) =>
      binding.createTensor([], DTYPE.int32, Int32Array.of(number)),
    )
    const ids = [...bounds, ...loop.arguments.map((name) => this.#argument(name).id)]
    const count = loop.state.length + (loop.width > 0 ? 1 : 0)
    let results: Handle[]
    try {
      results = binding.executeOp(loop.name, [], ids, count)
    } finally {
      for (const id of bounds) binding.deleteTensor(id)
    }
    for (const [index, name] of loop.state.entries()) this.#replace(this.#state, name, results[index]!)
    this.#step += steps
    return this.#metrics(results[loop.state.length], steps)
  }

  /** The state as tensors of tfjs, which the caller disposes of. They share memory with the program, copying nothing. */
  state(): { readonly [Name in keyof S]: Tensor } {
    this.#demandOpen()
    const tensors = [...this.#state].map(([name, handle]) => {
      return [name, this.#backend.createOutputTensor(hold(this.#backend.binding, handle))]
    })
    return Object.fromEntries(tensors) as { [Name in keyof S]: Tensor }
  }

  /** Goes on from another state, at a step: a checkpoint. Entries that are left out stay. */
  restore(state: Partial<{ readonly [Name in keyof S]: Tensor }>, step: number): void {
    this.#demandOpen()
    this.#take(this.#state, 'state', state)
    this.#step = step
  }

  /** Other inputs from the next call on, of the same types and shapes. The tensors stay the caller's. */
  feed(inputs: Partial<I>): void {
    this.#demandOpen()
    this.#take(this.#inputs, 'inputs', inputs)
  }

  /** Frees functions, state and inputs. May be called twice. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { binding } = this.#backend
    for (const handle of [this.#seed, ...this.#state.values(), ...this.#inputs.values()]) {
      binding.deleteTensor(handle.id)
    }
    for (const { name } of [...this.#loop.definitions].reverse()) binding.removeFunction(name)
  }

  #argument(name: string): Handle {
    if (name === 'seed') return this.#seed
    const [kind, ...rest] = name.split('.')
    return (kind === 'state' ? this.#state : this.#inputs).get(rest.join('.'))!
  }

  #metrics(rows: Handle | undefined, steps: number): Metrics<M> {
    if (rows === undefined) return {} as Metrics<M>
    const { binding } = this.#backend
    const numbers = binding.tensorDataSync(rows.id) as Float32Array
    binding.deleteTensor(rows.id)
    let column = 0
    const metrics: Record<string, Float32Array> = {}
    for (const { name, shape } of this.#loop.metrics) {
      const size = sizeOf(shape)
      metrics[name] = columnsOf(numbers, steps, this.#loop.width, column, size)
      column += size
    }
    return metrics as Metrics<M>
  }

  #take(into: Map<string, Handle>, what: string, tensors: Partial<Tensors>): void {
    for (const [name, tensor] of Object.entries(tensors)) {
      const before = into.get(name)
      if (before === undefined) throw new RangeError(`${what}.${name} was not recorded`)
      if (tensor === undefined) continue
      const handle = handleOf(this.#backend, tensor)
      if (handle.dtype === before.dtype && `${handle.shape}` === `${before.shape}`) {
        this.#replace(into, name, handle)
        continue
      }
      this.#backend.binding.deleteTensor(handle.id)
      throw new RangeError(`${what}.${name} has shape [${handle.shape}]; [${before.shape}] was recorded`)
    }
  }

  #replace(into: Map<string, Handle>, name: string, handle: Handle): void {
    const before = into.get(name)
    into.set(name, handle)
    if (before !== undefined) this.#backend.binding.deleteTensor(before.id)
  }

  #demandOpen(): void {
    if (this.#isClosed) throw new Error('this program is closed')
  }
}

function columnsOf(
  rows: Float32Array,
  count: number,
  width: number,
  from: number,
  size: number,
): Float32Array {
  if (size === width) return rows
  const columns = new Float32Array(count * size)
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < size; k++) columns[row * size + k] = rows[row * width + from + k]!
  }
  return columns
}
