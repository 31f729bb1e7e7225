import { type Backend, type Binding, DTYPE, type Handle, hold, type Tfjs, wrapBinding } from './binding.ts'
import { areAlike, type Form, formOf, type Graph, type Value } from './graph.ts'
import type { Operation } from './operations.ts'
import { withOverrides } from './overrides.ts'
import { RecordingRefused } from './refusal.ts'
import { callStep, type Outcome, type Step, type StepArguments, type Tensor, type Tensors } from './step.ts'
import { NOWHERE, Tape } from './tape.ts'

/** A step that was run once, what it did, and the state that it left, held until the caller frees it. */
export interface Trace {
  readonly graph: Graph
  readonly state: ReadonlyMap<string, Handle>
}

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
  operations: (name: string) => Operation | undefined,
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

function finish(
  backend: Backend,
  tape: Tape,
  given: StepArguments,
  { state, metrics = {} }: Outcome<Tensors, Tensors>,
  binding: Binding,
): Trace {
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
    const value = tape.valueOf(id, `state.${name}`, NOWHERE)
    refuseChange(name, before, formOf(value))
    next.set(name, value)
    ids.set(name, id)
  }
  const measured = new Map(
    Object.entries(metrics).map(([name, tensor]) => [
      name,
      tape.valueOf(idOf(tensor), `metrics.${name}`, NOWHERE),
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

function nameOf(dtype: number): string {
  return Object.entries(DTYPE).find(([, number]) => number === dtype)?.[0] ?? `type ${dtype}`
}
