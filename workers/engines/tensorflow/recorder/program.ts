import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Backend, type Handle, hold } from './binding.ts'
import { callLoop, LAST_STEP } from './call.ts'
import { areAlike, sizeOf } from './graph.ts'
import { freeAll, type Handles, inputHandle, ownHandle, wholeHandle } from './handles.ts'
import { argumentOf, removeFunctions } from './library.ts'
import type { Loop } from './loop.ts'
import type { Tensors } from './step.ts'
import type { Findings } from './trial.ts'

/**
 * Every step copies the rows of metrics that a call gathers (TensorFlow cannot know that nobody else reads them), at
 * some 10 GB/s, and a call costs some 60 µs: K rows of m numbers are cheapest at K = √(60 µs · 10 GB/s / 4m).
 */
const CALL_IN_NUMBERS = 150_000

/** Metrics of the steps of one call: name → numbers, step by step, a step's own in row-major order. */
export type Metrics<M extends Tensors> = { readonly [Name in keyof M]: Float32Array }

/** What a program is made of; it owns the handles from then on. */
export interface Parts {
  readonly backend: Backend
  readonly loop: Loop
  readonly findings: Findings
  readonly seed: Handle
  readonly state: Handles
  readonly inputs: Handles
}

/**
 * A recorded step with its state, both in TensorFlow. Every call of `run` takes it some steps on; nothing passes
 * through JavaScript but the metrics. Close it, or its memory is kept.
 */
export class Program<S extends Tensors, I extends Tensors, M extends Tensors> {
  readonly #backend: Backend
  readonly #loop: Loop
  readonly #longest: number
  readonly #seed: Handle
  readonly #state: Map<string, Handle>
  readonly #inputs: Map<string, Handle>
  #step = 0
  #first: Handle | undefined // the number of the next step, once it is known to TensorFlow
  #count: { readonly steps: number; readonly handle: Handle } | undefined
  #isClosed = false
  /** Which executor runs it, its time per step when it was recorded, and whether it had the eager step's bits then. */
  readonly findings: Findings

  /** Made by `record`. */
  constructor({ backend, loop, findings, seed, state, inputs }: Parts) {
    this.#backend = backend
    this.#loop = loop
    this.#longest =
      loop.width === 0 ? LAST_STEP : Math.max(1, Math.floor(Math.sqrt(CALL_IN_NUMBERS / loop.width)))
    this.findings = findings
    this.#seed = seed
    this.#state = new Map(state)
    this.#inputs = new Map(inputs)
  }

  /** Steps done: the number of the next. */
  get step(): number {
    return this.#step
  }

  /**
   * Takes `steps` steps, which cannot be interrupted (see `chunked`), and returns their metrics. Where TensorFlow
   * fails (an index out of range, no memory) the state is that of `step`, and the program can go on from there.
   */
  run(steps: number): Metrics<M> {
    this.#demandOpen()
    if (!Number.isInteger(steps) || steps < 1 || this.#step + steps > LAST_STEP) {
      throw new RangeError(
        `${steps} steps from step ${this.#step}: a whole number, at least 1, up to 2³¹ − 1 in all`,
      )
    }
    const metrics = this.#emptyMetrics(steps)
    for (let done = 0; done < steps; ) {
      const count = Math.min(this.#longest, steps - done)
      const rows = this.#call(count)
      if (rows !== undefined) this.#spread(rows, metrics, done, count)
      done += count
    }
    return metrics as Metrics<M>
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
    if (!Number.isInteger(step) || step < 0 || step > LAST_STEP) throw new RangeError(`${step} is no step`)
    this.#take(this.#state, 'state', state, ownHandle)
    this.#step = step
    if (this.#first !== undefined) this.#backend.binding.deleteTensor(this.#first.id)
    this.#first = undefined
  }

  /** Other inputs from the next call on, of the same types and shapes. The tensors stay the caller's. */
  feed(inputs: Partial<I>): void {
    this.#demandOpen()
    this.#take(this.#inputs, 'inputs', inputs, inputHandle)
  }

  /** Frees functions, state and inputs. May be called twice. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { binding } = this.#backend
    const scalars = [this.#seed, this.#first, this.#count?.handle]
    for (const handle of [...scalars, ...this.#state.values(), ...this.#inputs.values()]) {
      if (handle !== undefined) binding.deleteTensor(handle.id)
    }
    removeFunctions(binding, this.#loop)
  }

  /** @returns the handle of the metrics, which the caller frees */
  #call(steps: number): Handle | undefined {
    const { binding } = this.#backend
    const given = { seed: this.#seed, state: this.#state, inputs: this.#inputs }
    const ids = this.#loop.arguments.map((name) => argumentOf(given, name).id)
    this.#first ??= wholeHandle(binding, this.#step)
    const bounds = { step: this.#first, count: this.#countOf(steps) }
    const results = callLoop(binding, this.#loop, this.findings.executor, { ...bounds, ids })
    for (const [index, name] of this.#loop.state.entries())
      this.#replace(this.#state, name, results.state[index]!)
    binding.deleteTensor(this.#first.id)
    this.#first = results.step
    this.#step += steps
    return results.rows
  }

  /** How many steps, as a tensor: most calls are as long as the one before. */
  #countOf(steps: number): Handle {
    if (this.#count?.steps === steps) return this.#count.handle
    const { binding } = this.#backend
    if (this.#count !== undefined) binding.deleteTensor(this.#count.handle.id)
    this.#count = { steps, handle: wholeHandle(binding, steps) }
    return this.#count.handle
  }

  #emptyMetrics(steps: number): Record<string, Float32Array> {
    return Object.fromEntries(
      this.#loop.metrics.map(({ name, shape }) => [name, new Float32Array(steps * sizeOf(shape))]),
    )
  }

  /** Rows [count][width] into the metrics' own arrays, from step `done` of the call on. */
  #spread(rows: Handle, metrics: Record<string, Float32Array>, done: number, count: number): void {
    const { binding } = this.#backend
    const numbers = binding.tensorDataSync(rows.id) as Float32Array
    binding.deleteTensor(rows.id)
    let column = 0
    for (const { name, shape } of this.#loop.metrics) {
      const size = sizeOf(shape)
      for (let row = 0; row < count; row++) {
        const from = row * this.#loop.width + column
        metrics[name]!.set(numbers.subarray(from, from + size), (done + row) * size)
      }
      column += size
    }
  }

  /** All of the tensors, or none. */
  #take(
    into: Map<string, Handle>,
    what: string,
    tensors: Partial<Tensors>,
    handleOf: (backend: Backend, tensor: Tensor) => Handle,
  ): void {
    const taken = new Map<string, Handle>()
    try {
      for (const [name, tensor] of Object.entries(tensors)) {
        const before = into.get(name)
        if (before === undefined) throw new RangeError(`${what}.${name} was not recorded`)
        if (tensor === undefined) continue
        const handle = handleOf(this.#backend, tensor)
        taken.set(name, handle)
        if (areAlike(handle, before)) continue
        throw new RangeError(`${what}.${name} has shape [${handle.shape}]; [${before.shape}] was recorded`)
      }
    } catch (error) {
      freeAll(this.#backend.binding, taken)
      throw error
    }
    for (const [name, handle] of taken) this.#replace(into, name, handle)
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
