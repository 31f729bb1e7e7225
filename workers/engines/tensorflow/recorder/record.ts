import { type Backend, type Binding, backendOf, type Handle, hold, type Tfjs } from './binding.ts'
import type { Executor } from './call.ts'
import { refuseDifference } from './compare.ts'
import type { Graph } from './graph.ts'
import {
  freeAll,
  type Handles,
  holdAll,
  inputHandles,
  seedHandle,
  stateHandles,
  wholeHandle,
} from './handles.ts'
import { addFunctions, argumentOf, operationsOf, removeFunctions } from './library.ts'
import { type Loop, type LoopForm, type Pass, writeLoop } from './loop.ts'
import { Program } from './program.ts'
import { simplify } from './simplify.ts'
import { freeKept, type Step, type StepArguments, type Tensor, type Tensors } from './step.ts'
import { type Trace, traceStep } from './trace.ts'
import { type Findings, tryOut } from './trial.ts'
import { unroll } from './unroll.ts'

/** How to record. */
export interface RecordOptions {
  /** Of the draws of `now`; a whole number. Default 0. */
  readonly seed?: number
  /** Default 'auto': both are tried for some milliseconds, and the faster one stays. Bits are the same. */
  readonly executor?: Executor | 'auto'
  /**
   * Default 'functional' on a CPU, 'lowered' on a GPU, where TensorFlow's own loops are. 'lowered' is never serial,
   * and on a CPU softmax differs in its last bits.
   */
  readonly form?: LoopForm
  /** Replaces operations of the step by others with the same results, once what is superfluous has gone. */
  readonly rewrite?: (graph: Graph) => Graph
  /**
   * How many steps a pass of the loop takes at once, of the step as it was rewritten; default 1. They are rewritten
   * together, as one graph.
   */
  readonly stepsAtOnce?: (graph: Graph) => number
}

type Given = Omit<StepArguments, 'step'>
type AnyStep = Step<Tensors, Tensors, Tensors>

/** The step of the second recording: not 1, so that a factor of step is seen, and not even. */
const SECOND_STEP = 3

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
  options: RecordOptions = {},
): Program<S, I, M> {
  const { seed = 0, executor = 'auto' } = options
  const backend = backendOf(tf)
  const { binding } = backend
  const form = options.form ?? (backend.isUsingGpuDevice ? 'lowered' : 'functional')
  const given = {
    seed: seedHandle(binding, seed),
    state: stateHandles(backend, state),
    inputs: inputHandles(backend, inputs),
  }
  try {
    const { graph, expected } = traceTwice(tf, backend, step as unknown as AnyStep, given)
    try {
      const hasOneDnn = binding.hasOneDnn() && !backend.isUsingGpuDevice
      const name = `recorded_${process.pid}_${recordings++}`
      const passes = passesOf(simplify(graph), options)
      const loop = writeLoop(name, passes, operationsOf(binding), { form, hasOneDnn })
      const findings = load(binding, loop, given, expected, form === 'lowered' ? 'parallel' : executor)
      return new Program<S, I, M>({ backend, loop, findings, ...given })
    } finally {
      freeAll(binding, expected)
    }
  } catch (error) {
    freeAll(binding, new Map([['seed', given.seed]]))
    freeAll(binding, given.state)
    freeAll(binding, given.inputs)
    throw error
  }
}

/** Several steps as one where that is asked for, and the step as it is run. */
function passesOf(graph: Graph, { rewrite = (same) => same, stepsAtOnce = () => 1 }: RecordOptions): Pass[] {
  const one = { steps: 1, graph: rewrite(graph) }
  const steps = stepsAtOnce(one.graph)
  return steps > 1 ? [{ steps, graph: rewrite(simplify(unroll(graph, steps))) }, one] : [one]
}

/** The graph of a step, and the state that it makes of the given one, which the caller frees. */
function traceTwice(
  tf: Tfjs,
  backend: Backend,
  step: AnyStep,
  given: Given,
): { readonly graph: Graph; readonly expected: Handles } {
  const { binding } = backend
  const operations = operationsOf(binding)
  const kept: Tensor[] = []
  const at = (number: number, state: Handles): Trace => {
    const handles = {
      step: wholeHandle(binding, number),
      seed: hold(binding, given.seed),
      state: holdAll(binding, state),
      inputs: holdAll(binding, given.inputs),
    }
    return traceStep(tf, backend, operations, step, handles, kept)
  }
  let first: Trace | undefined
  try {
    first = at(0, given.state)
    const second = at(SECOND_STEP, first.state)
    freeAll(binding, second.state)
    refuseDifference(first.graph, second.graph)
    return { graph: first.graph, expected: first.state }
  } catch (error) {
    if (first !== undefined) freeAll(binding, first.state)
    throw error
  } finally {
    freeKept(kept) // not before: the second step may use what the first one kept, and be refused for it
  }
}

/** Gives TensorFlow the loop's functions and tries them; where they fail they are taken back. */
function load(
  binding: Binding,
  loop: Loop,
  given: Given,
  expected: Handles,
  executor: Executor | 'auto',
): Findings {
  addFunctions(binding, loop)
  try {
    const ids = loop.arguments.map((argument): Handle['id'] => argumentOf(given, argument).id)
    return tryOut({ binding, loop, ids, expected }, executor)
  } catch (error) {
    removeFunctions(binding, loop)
    throw error
  }
}
