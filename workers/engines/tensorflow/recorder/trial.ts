import type { Binding, Handle } from './binding.ts'
import { callLoop, type Executor } from './call.ts'
import type { Loop } from './loop.ts'

const ROUNDS = 2
const SPAN_MS = 4 // of one measurement: long beside a call, short beside the 40 ms that a load takes

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
  const candidates: readonly Executor[] = asked === 'auto' ? ['serial', 'parallel'] : [asked]
  const found = candidates.map((executor) => ({ executor, isExact, msPerStep: measure(trial, executor) }))
  return found.reduce((best, one) => (one.msPerStep < best.msPerStep ? one : best))
}

function isSameAsEager({ binding, loop, ids, expected }: Trial, executor: Executor): boolean {
  const results = callLoop(binding, loop, executor, ids, 0, 1)
  const isSame = loop.state.map((name, index) => {
    const [mine, eager] = [results[index]!, expected.get(name)!].map(({ id }) => binding.tensorDataSync(id))
    return Buffer.compare(bytesOf(mine!), bytesOf(eager!)) === 0
  })
  free(binding, results)
  return isSame.every((same) => same)
}

/** Milliseconds per step, the best of some rounds. */
function measure({ binding, loop, ids }: Trial, executor: Executor): number {
  const time = (steps: number): number => {
    const start = performance.now()
    free(binding, callLoop(binding, loop, executor, ids, 0, steps))
    return (performance.now() - start) / steps
  }
  time(1) // the first call of a kind loads the function
  const once = time(1)
  const steps = Math.max(1, Math.min(200, Math.floor(SPAN_MS / once)))
  try {
    return Math.min(...Array.from({ length: ROUNDS }, () => time(steps)))
  } catch {
    return once // steps that run out of data fail later than the first; that is the caller's to see
  }
}

function free(binding: Binding, handles: readonly Handle[]): void {
  for (const { id } of handles) binding.deleteTensor(id)
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
