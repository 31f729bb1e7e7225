import type { NetPlan } from '../../engine.ts'
import type { Program } from '../recorder/program.ts'
import { record } from '../recorder/record.ts'
import type { Tensor, Tensors, Tfjs } from '../tensors.ts'
import { netStep, type Supply } from './net-step.ts'

type NetProgram = Program<Tensors, Tensors, { loss: Tensor }>

/**
 * The recorded step of the latest shape. A run whose step is the same takes it over with its own state, seed, batches and rates; a
 * recording takes some 100 ms.
 */
export class NetPrograms {
  readonly #tf: Tfjs
  #latest: { readonly key: string; readonly program: NetProgram } | null = null

  constructor(tf: Tfjs) {
    this.#tf = tf
  }

  /** The program of a plan at its first step. It stays this object's: nobody else closes it. */
  open(plan: NetPlan, supply: Supply, state: Tensors, inputs: Tensors): NetProgram {
    const key = keyOf(plan, supply)
    if (this.#latest?.key === key) {
      const { program } = this.#latest
      program.feed(inputs)
      program.restore(state, 0)
      return program
    }
    this.close()
    const program = record(this.#tf, netStep(this.#tf, plan, supply), state, inputs)
    this.#latest = { key, program }
    return program
  }

  /** Frees the latest one. May be called twice. */
  close(): void {
    this.#latest?.program.close()
    this.#latest = null
  }
}

/** All that a step is made of but what it is fed. A source draws with numbers of the data's own. */
function keyOf({ spec, shape }: NetPlan, { window, source }: Supply): string {
  const { objective, model, loss, training } = spec
  const data = source === null ? null : spec.data
  const { batchSize, momentum, precision, optimizer, weightDecay, clip } = training
  return JSON.stringify([
    ...[objective, model, loss, shape, window, data],
    ...[batchSize, momentum, precision, optimizer, weightDecay, clip],
  ])
}
