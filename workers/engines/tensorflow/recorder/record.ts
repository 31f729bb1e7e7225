import {
  type Backend,
  type Binding,
  backendOf,
  DTYPE,
  type Handle,
  handleOf,
  hold,
  type Tfjs,
} from './binding.ts'
import { refuseDifference } from './compare.ts'
import { type LoopForm, writeLoop } from './loop.ts'
import { type Operation, readOperations } from './operations.ts'
import { Program } from './program.ts'
import { simplify } from './simplify.ts'
import type { Step, StepArguments, Tensors } from './step.ts'
import { type Trace, traceStep } from './trace.ts'

/** How to record. */
export interface RecordOptions {
  /** Of the draws of `now`; a whole number. Default 0. */
  readonly seed?: number
  /** Default 'lowered'. */
  readonly form?: LoopForm
}

/** The step of the second recording: not 1, so that a factor of step is seen, and not even. */
const SECOND_STEP = 3

let operations: ((name: string) => Operation | undefined) | undefined
let recordings = 0

/**
 * Turns one eager training step into a program that takes many steps per call. `state` and `inputs` are tensors
 * to begin with; they stay the caller's. The step is called twice, and refused where the two calls did not do
 * the same.
 *
 * @throws RecordingRefused with the operation, the reason and the place in the step
 */
export function record<S extends Tensors, I extends Tensors, M extends Tensors>(
  tf: Tfjs,
  step: Step<S, I, M>,
  state: S,
  inputs: I,
  { seed = 0, form = 'lowered' }: RecordOptions = {},
): Program<S, I, M> {
  const backend = backendOf(tf)
  const { binding } = backend
  operations ??= readOperations(binding.operations())
  const held: Handle[] = []
  const keep = (handle: Handle): Handle => {
    held.push(handle)
    return handle
  }
  const handles = (tensors: Tensors) =>
    new Map(Object.entries(tensors).map(([name, tensor]) => [name, keep(handleOf(backend, tensor))]))
  try {
    const given = { seed: keep(seedHandle(binding, seed)), state: handles(state), inputs: handles(inputs) }
    const graph = traceTwice(tf, backend, step as unknown as Step<Tensors, Tensors, Tensors>, given)
    const loop = writeLoop(`recorded_${process.pid}_${recordings++}`, graph, operations, form)
    addAll(binding, loop.definitions)
    return new Program<S, I, M>({ backend, loop, ...given })
  } catch (error) {
    for (const { id } of held) binding.deleteTensor(id)
    throw error
  }
}

function traceTwice(
  tf: Tfjs,
  backend: Backend,
  step: Step<Tensors, Tensors, Tensors>,
  given: Omit<StepArguments, 'step'>,
) {
  const { binding } = backend
  const at = (number: number, state: ReadonlyMap<string, Handle>): Trace =>
    traceStep(tf, backend, operations!, step, {
      step: wholeHandle(binding, [number], []),
      seed: hold(binding, given.seed),
      state: held(binding, state),
      inputs: held(binding, given.inputs),
    })
  const first = at(0, given.state)
  const traces = [first]
  try {
    const second = at(SECOND_STEP, first.state)
    traces.push(second)
    refuseDifference(first.graph, second.graph)
    return simplify(first.graph)
  } finally {
    for (const { state } of traces) for (const { id } of state.values()) binding.deleteTensor(id)
  }
}

/** All of the functions, or none. */
function addAll(binding: Binding, definitions: readonly { name: string; bytes: Uint8Array }[]): void {
  const added: string[] = []
  try {
    for (const { name, bytes } of definitions) {
      binding.addFunction(bytes)
      added.push(name)
    }
  } catch (error) {
    for (const name of added.reverse()) binding.removeFunction(name)
    throw error
  }
}

function held(binding: Binding, handles: ReadonlyMap<string, Handle>): Map<string, Handle> {
  return new Map([...handles].map(([name, handle]) => [name, hold(binding, handle)]))
}

/** 53 bits of a seed as two words. */
function seedHandle(binding: Binding, seed: number): Handle {
  return wholeHandle(binding, [seed, Math.floor(seed / 2 ** 32)], [2])
}

function wholeHandle(binding: Binding, numbers: readonly number[], shape: readonly number[]): Handle {
  const id = binding.createTensor(shape, DTYPE.int32, Int32Array.from(numbers))
  return { id, dtype: DTYPE.int32, shape }
}
