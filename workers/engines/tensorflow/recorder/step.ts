import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import type { Backend, Handle, Tfjs } from './binding.ts'
import { Moment } from './moment.ts'
import { RecordingRefused } from './refusal.ts'

/** tfjs's tensor, for those who keep the package behind its one door. */
export type { Tensor } from '@tensorflow/tfjs-node-gpu'

/** Named tensors. */
export type Tensors = Readonly<Record<string, Tensor>>

/** What a step is given: its state, as variables, so that tf.variableGrads can name them and `assign` works. */
export type Variables<S extends Tensors> = { readonly [Name in keyof S]: Variable }

/** What a step gives back: the whole next state, and numbers to be kept of this step. */
export interface Outcome<S extends Tensors, M extends Tensors> {
  readonly state: { readonly [Name in keyof S]: Tensor }
  readonly metrics?: M
}

/** One training step in ordinary tfjs code. It must not be async, and nothing but its arguments may change it. */
export type Step<S extends Tensors, I extends Tensors, M extends Tensors> = (
  state: Variables<S>,
  inputs: I,
  now: Moment,
) => Outcome<S, M>

/** The tensors of one step on their way in, by name. */
export interface StepArguments {
  readonly step: Handle
  readonly seed: Handle
  readonly state: ReadonlyMap<string, Handle>
  readonly inputs: ReadonlyMap<string, Handle>
}

/**
 * Calls a step once and hands what it returns to `take`, while its tensors still live; everything that it made
 * is freed then, also where it throws, but for what it kept with tf.keep, which is noted in `kept`. The handles that
 * it was given are used up.
 */
export function callStep<T>(
  tf: Tfjs,
  backend: Backend,
  step: Step<Tensors, Tensors, Tensors>,
  given: StepArguments,
  kept: Tensor[],
  take: (outcome: Outcome<Tensors, Tensors>) => T,
): T {
  const variables: Variable[] = []
  const variable = (handle: Handle): Variable => {
    const tensor = backend.createOutputTensor(handle)
    const made = tf.variable(tensor, tensor.dtype === 'float32')
    variables.push(made)
    tensor.dispose()
    return made
  }
  let taken: { readonly value: T } | undefined
  const stop = collectKept(tf, kept)
  try {
    tf.tidy(() => {
      const state = mapped(given.state, variable)
      const inputs = mapped(given.inputs, (handle) => backend.createOutputTensor(handle))
      const count = backend.createOutputTensor(given.step)
      const now = new Moment(tf, count, backend.createOutputTensor(given.seed))
      taken = { value: take(outcomeOf(step(state, inputs, now))) }
    })
  } finally {
    stop()
    for (const made of variables) if (!made.isDisposed) made.dispose()
  }
  return taken!.value
}

/** Puts what tf.keep is called with into a list. @returns what ends it */
function collectKept(tf: Tfjs, kept: Tensor[]): () => void {
  const engine = tf.engine()
  const { keep } = engine
  engine.keep = (tensor) => {
    kept.push(tensor)
    return keep.call(engine, tensor) as typeof tensor
  }
  return () => {
    engine.keep = keep
  }
}

/** Frees what steps have kept, unless they freed it themselves. */
export function freeKept(kept: readonly Tensor[]): void {
  for (const tensor of kept) if (!tensor.isDisposed) tensor.dispose()
}

function outcomeOf(returned: unknown): Outcome<Tensors, Tensors> {
  if (returned instanceof Promise) {
    returned.catch(() => undefined) // what it says is of no use once it is refused
    throw new RecordingRefused(
      'the step is async; a recorded step has nothing to wait for, so make it a plain function',
    )
  }
  const outcome = returned as Partial<Outcome<Tensors, Tensors>> | undefined
  if (outcome?.state === undefined) throw new RecordingRefused('the step must return { state, metrics }')
  return outcome as Outcome<Tensors, Tensors>
}

function mapped<T>(handles: ReadonlyMap<string, Handle>, make: (handle: Handle) => T): Record<string, T> {
  return Object.fromEntries([...handles].map(([name, handle]) => [name, make(handle)]))
}
