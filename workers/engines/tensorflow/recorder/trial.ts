import { type Binding, DTYPE, type Handle } from './binding.ts'
import { callLoop, type Executor, type Results } from './call.ts'
import { wholeHandle } from './handles.ts'
import type { Loop } from './loop.ts'

const ROUNDS = 3
const SPAN_MS = 10 // of one measurement: long beside a call, short beside the 40 ms that a load takes

/** Types that the binding reads; others are not compared. */
const READABLE: readonly number[] = [DTYPE.float32, DTYPE.int32, DTYPE.int64, DTYPE.bool]

/** What a loop was found to do before it is handed out. */
export interface Findings {
  readonly executor: Executor
  /** Whether its first step has the bits of the eager one. */
  readonly isExact: boolean
  readonly msPerStep: number
}

/** Runs a loop from its beginning, throwing the results away. */
export interface Trial {
  readonly binding: Binding
  readonly loop: Loop
  readonly ids: readonly number[]
  /** The state that the eager step made of the same beginning. */
  readonly expected: ReadonlyMap<string, Handle>
}

/** The faster executor where none is asked for; both give the same bits, so the clock may choose. */
export function tryOut(trial: Trial, asked: Executor | 'auto'): Findings {
  const isExact = isSameAsEager(trial, asked === 'auto' ? 'serial' : asked)
  const executors: readonly Executor[] = asked === 'auto' ? ['serial', 'parallel'] : [asked]
  const times = executors.map((executor) => ({ executor, isExact, msPerStep: once(trial, executor) }))
  // They take turns, so that a busy moment of the machine does not settle it.
  for (let round = 0; asked === 'auto' && round < ROUNDS; round++) {
    for (const time of times) time.msPerStep = Math.min(time.msPerStep, measure(trial, time))
  }
  return times.reduce((best, one) => (one.msPerStep < best.msPerStep ? one : best))
}

function isSameAsEager(trial: Trial, executor: Executor): boolean {
  const { binding, loop, expected } = trial
  return withResults(trial, executor, 1, ({ state }) => {
    const isSame = loop.state.map((name, index) => {
      const both = [state[index]!, expected.get(name)!]
      if (!READABLE.includes(both[0]!.dtype)) return true
      const [mine, eager] = both.map(({ id }) => binding.tensorDataSync(id))
      return Buffer.compare(bytesOf(mine!), bytesOf(eager!)) === 0
    })
    return isSame.every((same) => same)
  })
}

/** Milliseconds of a call of one step. */
function once(trial: Trial, executor: Executor): number {
  timeOf(trial, executor, 1) // the first call of a kind loads the function
  return timeOf(trial, executor, 1)
}

/** Milliseconds per step of a call of many. */
function measure(trial: Trial, { executor, msPerStep }: Findings): number {
  const steps = Math.max(1, Math.min(200, Math.floor(SPAN_MS / msPerStep)))
  try {
    return timeOf(trial, executor, steps)
  } catch {
    return msPerStep // steps that run out of data fail later than the first; that is the caller's to see
  }
}

function timeOf(trial: Trial, executor: Executor, steps: number): number {
  return withResults(trial, executor, steps, (_, ms) => ms / steps)
}

/** What `take` makes of a call from step 0, whose results are freed then. */
function withResults<T>(
  { binding, loop, ids }: Trial,
  executor: Executor,
  steps: number,
  take: (results: Results, ms: number) => T,
): T {
  const [step, count] = [wholeHandle(binding, 0), wholeHandle(binding, steps)]
  const used = [step, count]
  try {
    const start = performance.now()
    const results = callLoop(binding, loop, executor, { step, count, ids })
    const ms = performance.now() - start
    used.push(results.step, ...results.state, ...(results.rows === undefined ? [] : [results.rows]))
    return take(results, ms)
  } finally {
    for (const { id } of used) binding.deleteTensor(id)
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
