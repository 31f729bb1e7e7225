import type { NetPlan } from '../../engine.ts'
import type { Program } from '../recorder/program.ts'
import { record } from '../recorder/record.ts'
import type { Tensor, Tensors, Tfjs } from '../tensors.ts'
import type { Fed } from './feed.ts'
import { type NetStep, netStep } from './net-step.ts'

type NetProgram = Program<Tensors, Fed, { loss: Tensor }>

/**
 * The recorded step of the latest shape. A run whose step is the same takes it over with its own state, batches and rates; a
 * recording takes some 100 ms.
 */
export class NetPrograms {
  readonly #tf: Tfjs
  #latest: { readonly key: string; readonly program: NetProgram } | null = null

  constructor(tf: Tfjs) {
    this.#tf = tf
  }

  /** The program of a plan at its first step. It stays this object's: nobody else closes it. */
  open(plan: NetPlan, window: number, state: Tensors, fed: Fed): NetProgram {
    const key = keyOf(plan, window)
    const given = { ...fed }
    if (this.#latest?.key === key) {
      const { program } = this.#latest
      program.feed(given)
      program.restore(state, 0)
      return program
    }
    this.close()
    const step: NetStep = netStep(this.#tf, plan, window)
    const program = record(this.#tf, step, state, given)
    this.#latest = { key, program }
    return program
  }

  /** Frees the latest one. May be called twice. */
  close(): void {
    this.#latest?.program.close()
    this.#latest = null
  }
}

/** All that a step is made of but what it is fed. */
function keyOf({ spec, shape }: NetPlan, window: number): string {
  const { objective, model, loss, training } = spec
  const { batchSize, momentum, precision, optimizer, weightDecay, clip } = training
  return JSON.stringify([
    ...[objective, model, loss, shape, window],
    ...[batchSize, momentum, precision, optimizer, weightDecay, clip],
  ])
}
