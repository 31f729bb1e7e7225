import type { Worker } from 'node:worker_threads'
import { ExperimentError, type Facts, type FailureCode } from '../experiment/failure.ts'
import type { ComputeTable } from './compute-table.ts'
import { startThread } from './thread.ts'

/** What the thread is asked and answers. Errors of ours cross as code and facts, others as their stack. */
export interface Question {
  readonly ticket: number
  readonly name: keyof ComputeTable
  readonly input: unknown
}
export type Answer =
  | { readonly ticket: number; readonly output: unknown }
  | { readonly ticket: number; readonly code: FailureCode; readonly facts: unknown }
  | { readonly ticket: number; readonly crash: string }

/** What the thread starts with. */
export interface ThreadData {
  readonly background: boolean
}

type Input<N extends keyof ComputeTable> = Parameters<ComputeTable[N]>[0]
type Output<N extends keyof ComputeTable> = Awaited<ReturnType<ComputeTable[N]>>

interface Waiting {
  resolve(output: unknown): void
  reject(error: Error): void
}

/**
 * One thread for arithmetic that would hold up the event loop. It starts with the first question and again
 * after a crash, and takes questions in turn. One in the background gives way to all others of the machine.
 */
export class Compute {
  readonly #background: boolean
  readonly #waiting = new Map<number, Waiting>()
  #thread: Worker | undefined
  #tickets = 0
  #closed = false

  constructor({ background = false } = {}) {
    this.#background = background
  }

  /** Runs a function of the table. @throws what it throws */
  run<N extends keyof ComputeTable>(name: N, input: Input<N>): Promise<Output<N>> {
    if (this.#closed) return Promise.reject(new Error('The compute thread is closed.'))
    const question: Question = { ticket: ++this.#tickets, name, input }
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.ticket, { resolve: resolve as Waiting['resolve'], reject })
      this.warm().postMessage(question)
    })
  }

  /** Starts the thread, so that the first question does not wait for it. */
  warm(): Worker {
    this.#thread ??= this.#start()
    return this.#thread
  }

  /** Ends the thread; questions under way are rejected. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#thread?.terminate()
  }

  #start(): Worker {
    const data: ThreadData = { background: this.#background }
    const thread = startThread('compute-thread', data)
    thread.on('message', (answer: Answer) => this.#settle(answer))
    let cause: unknown
    thread.on('error', (error) => {
      cause = error
    })
    thread.on('exit', (code) => {
      if (this.#thread === thread) this.#thread = undefined
      const error = new Error(`The compute thread ended with code ${code}.`, { cause })
      for (const waiting of this.#waiting.values()) waiting.reject(error)
      this.#waiting.clear()
    })
    return thread
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.ticket)
    this.#waiting.delete(answer.ticket)
    if (!waiting) return
    if ('output' in answer) waiting.resolve(answer.output)
    else if ('code' in answer)
      waiting.reject(new ExperimentError(answer.code, answer.facts as Facts<FailureCode>))
    else waiting.reject(new Error(answer.crash))
  }
}
