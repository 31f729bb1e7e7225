import type { NetPlan } from '../../engine.ts'
import { fused } from '../kernels/join.ts'
import { stepsAtOnce } from '../kernels/steps-at-once.ts'
import type { Program } from '../recorder/program.ts'
import { record } from '../recorder/record.ts'
import type { Tensor, Tensors, Tfjs } from '../tensors.ts'
import { netStep, type Supply } from './net-step.ts'
import { deviceSource } from './sources/open-source.ts'

export type NetProgram = Program<Tensors, Tensors, { loss: Tensor }>

/**
 * The recorded step of the latest shape. A batch whose step is the same takes it over with its own states, seeds, data and rates; a
 * recording takes some 100 ms.
 */
export class NetPrograms {
  readonly #tf: Tfjs
  #latest: { readonly key: string; readonly program: NetProgram } | null = null

  constructor(tf: Tfjs) {
    this.#tf = tf
  }

  /** The program of runs like the plan's, at a step. It stays this object's: nobody else closes it. */
  open(plan: NetPlan, supply: Supply, state: Tensors, inputs: Tensors, step: number): NetProgram {
    const shapes = Object.entries(inputs).map(([name, { shape }]) => [name, shape])
    const key = JSON.stringify([keyOf(plan), supply.window, supply.runs, shapes])
    if (this.#latest?.key === key) {
      const { program } = this.#latest
      program.feed(inputs)
      program.restore(state, step)
      return program
    }
    this.close()
    const program = record(this.#tf, netStep(this.#tf, plan, supply), state, inputs, {
      rewrite: fused,
      stepsAtOnce,
    })
    this.#latest = { key, program }
    if (step > 0) program.restore({}, step)
    return program
  }

  /** Frees the latest one. May be called twice. */
  close(): void {
    this.#latest?.program.close()
    this.#latest = null
  }
}

/** All that a step is made of but how many runs it takes and what it is fed. Runs of one key can train together. */
export function keyOf(plan: NetPlan): string {
  const { objective, model, loss, training } = plan.spec
  const { batchSize, momentum, precision, optimizer, weightDecay, clip } = training
  return JSON.stringify([
    ...[objective, model, loss, plan.shape, sourceForm(plan)],
    ...[batchSize, momentum, precision, optimizer, weightDecay, clip],
  ])
}

/** How data are drawn in a step: with and without noise, say, or by mixings of more and of fewer layers. */
function sourceForm(plan: NetPlan) {
  const source = deviceSource(plan)
  return source && [source.key, Object.entries(source.arrays).map(([name, { shape }]) => [name, shape])]
}
