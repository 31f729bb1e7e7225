import { ATTRIBUTE, type Binding, type Handle } from './binding.ts'
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

/** What a call of a loop leaves. */
export interface Results {
  /** The number of the next step. */
  readonly step: Handle
  /** The next state, in the loop's order. */
  readonly state: readonly Handle[]
  /** Metrics, a row per step, where the loop has any. */
  readonly rows: Handle | undefined
}

/**
 * Runs a loop for some steps.
 *
 * @param step the number of the first one
 * @param ids of the loop's arguments, in its order
 */
export function callLoop(
  binding: Binding,
  loop: Loop,
  executor: Executor,
  { step, count, ids }: { readonly step: Handle; readonly count: Handle; readonly ids: readonly number[] },
): Results {
  const attributes = executor === 'serial' ? [SERIAL] : []
  const outputs = 1 + loop.state.length + (loop.width > 0 ? 1 : 0)
  const [next, ...rest] = binding.executeOp(loop.name, attributes, [step.id, count.id, ...ids], outputs)
  return { step: next!, state: rest.slice(0, loop.state.length), rows: rest[loop.state.length] }
}
