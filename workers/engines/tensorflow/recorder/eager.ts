import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { correctTypes } from './attributes.ts'
import { type Backend, backendOf, type Handle, type Tfjs, wrapBinding } from './binding.ts'
import { freeAll, handlesOf, holdAll, seedHandle, wholeHandle } from './handles.ts'
import { operationsOf } from './library.ts'
import type { Metrics } from './program.ts'
import { callStep, freeKept, type Step, type StepArguments, type Tensors } from './step.ts'

/** What eager steps came to. The caller disposes of the state. */
export interface EagerRun<S extends Tensors, M extends Tensors> {
  readonly state: { readonly [Name in keyof S]: Tensor }
  readonly metrics: Metrics<M>
}

/** How far to run, and from where. */
export interface EagerOptions {
  readonly steps: number
  readonly seed?: number
  /** Number of the first step. */
  readonly first?: number
}

/**
 * The same steps without a recording, one operation of tfjs after the other: what a program is compared with, and
 * where a step that is refused can be looked into.
 */
export function runEagerly<S extends Tensors, I extends Tensors, M extends Tensors>(
  tf: Tfjs,
  step: Step<S, I, M>,
  state: S,
  inputs: I,
  { steps, seed = 0, first = 0 }: EagerOptions,
): EagerRun<S, M> {
  const backend = backendOf(tf)
  const { binding } = backend
  const general = step as unknown as Step<Tensors, Tensors, Tensors>
  let now = handlesOf(backend, state)
  const given = handlesOf(backend, inputs)
  const rows: Record<string, number[]> = {}
  const kept: Tensor[] = []
  try {
    for (let number = first; number < first + steps; number++) {
      const before = now
      const arguments_: StepArguments = {
        step: wholeHandle(binding, number),
        seed: seedHandle(binding, seed),
        state: holdAll(binding, before),
        inputs: holdAll(binding, given),
      }
      now = withTrueTypes(backend, arguments_, () =>
        callStep(tf, backend, general, arguments_, kept, (outcome) => {
          for (const [name, tensor] of Object.entries(outcome.metrics ?? {})) {
            rows[name] ??= []
            rows[name].push(...tensor.dataSync())
          }
          return handlesOf(backend, outcome.state)
        }),
      )
      freeAll(binding, before)
    }
    const tensors = [...holdAll(binding, now)].map(([name, handle]) => [
      name,
      backend.createOutputTensor(handle),
    ])
    const metrics = Object.entries(rows).map(([name, numbers]) => [name, Float32Array.from(numbers)])
    return { state: Object.fromEntries(tensors), metrics: Object.fromEntries(metrics) }
  } finally {
    freeKept(kept)
    freeAll(binding, now)
    freeAll(binding, given)
  }
}

/** Runs `work` with the types that tensors have and not those that tfjs takes them for: bytes stay bytes. */
function withTrueTypes<T>(backend: Backend, given: StepArguments, work: () => T): T {
  const { binding } = backend
  const operations = operationsOf(binding)
  const dtypes = new Map<number, number>()
  const note = (handles: Iterable<Handle>) => {
    for (const { id, dtype } of handles) dtypes.set(id, dtype)
  }
  note([...given.state.values(), ...given.inputs.values()])
  backend.binding = wrapBinding(binding, {
    executeOp(name, attributes, ids, outputs) {
      const operation = operations(name)
      const known = ids.map((id) => dtypes.get(id))
      const corrected = operation === undefined ? attributes : correctTypes(operation, attributes, known)
      const handles = binding.executeOp(name, corrected, ids, outputs)
      note(handles)
      return handles
    },
  })
  try {
    return work()
  } finally {
    backend.binding = binding
  }
}
