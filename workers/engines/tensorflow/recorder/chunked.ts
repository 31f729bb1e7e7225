import { setImmediate } from 'node:timers/promises'
import type { Metrics, Program } from './program.ts'
import type { Tensors } from './step.ts'

/** How far to run, and how. */
export interface ChunkOptions {
  /** Steps in all. */
  readonly steps: number
  /** Aborting ends the run between two chunks, with the signal's reason. */
  readonly signal?: AbortSignal
  /** Length of a chunk that is aimed at; default 500 ms, which leaves room below 2 s where steps become slower. */
  readonly chunkMs?: number
}

/** Some steps that were taken in one go. */
export interface Chunk<M extends Tensors> {
  /** Number of the chunk's first step. */
  readonly first: number
  readonly steps: number
  readonly metrics: Metrics<M>
  readonly ms: number
}

/** A chunk is at most so many times as long as the one before: a wrong guess is found out cheaply. */
const GROWTH = 4

/**
 * Runs a program in chunks of about equal time, sized by what the last one took, and lets the event loop turn
 * between them: for progress, cancelling and checkpoints, which are the business of the loop that takes the chunks.
 */
export async function* chunked<S extends Tensors, I extends Tensors, M extends Tensors>(
  program: Program<S, I, M>,
  { steps, signal, chunkMs = 500 }: ChunkOptions,
): AsyncGenerator<Chunk<M>, void, void> {
  const last = program.step + steps
  let msPerStep = program.findings.msPerStep
  let longest = Math.max(1, Math.floor(chunkMs / GROWTH / msPerStep))
  while (program.step < last) {
    signal?.throwIfAborted()
    const first = program.step
    const count = Math.min(last - first, longest, Math.max(1, Math.floor(chunkMs / msPerStep)))
    const start = performance.now()
    const metrics = program.run(count)
    const ms = performance.now() - start
    msPerStep = ms / count
    longest = count * GROWTH
    yield { first, steps: count, metrics, ms }
    await setImmediate() // a timer, a message or an abort gets its turn
  }
}
