import { ATTRIBUTE, type Binding, DTYPE, type Handle } from './binding.ts'
import type { Loop } from './loop.ts'

/**
 * Who runs the operations of a step. `serial`: one thread, one after the other, which costs the least per
 * operation. `parallel`: TensorFlow's pool, where operations that do not need each other run at once. Bits are the
 * same.
 */
export type Executor = 'serial' | 'parallel'

/** A step number is an int32. */
export const LAST_STEP = 2 ** 31 - 1

const SERIAL = { name: 'executor_type', type: ATTRIBUTE.string, value: 'SINGLE_THREADED_EXECUTOR' }

/**
 * Runs a loop from one step to another.
 *
 * @param ids of the loop's arguments, in its order
 * @returns handles of the next state, in the loop's order, and of the rows of metrics where it has any
 */
export function callLoop(
  binding: Binding,
  loop: Loop,
  executor: Executor,
  ids: readonly number[],
  first: number,
  steps: number,
): Handle[] {
  const bounds = [first, first + steps].map((step) =>
    binding.createTensor([], DTYPE.int32, Int32Array.of(step)),
  )
  const attributes = executor === 'serial' ? [SERIAL] : []
  const outputs = loop.state.length + (loop.width > 0 ? 1 : 0)
  try {
    return binding.executeOp(loop.name, attributes, [...bounds, ...ids], outputs)
  } finally {
    for (const id of bounds) binding.deleteTensor(id)
  }
}
