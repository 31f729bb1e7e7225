import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Form, Forms } from './form.ts'
import { Network, type Weights } from './network.ts'
import { BATCHES, MOMENTUM } from './rows.ts'
import type { CaseTensors } from './tensors.ts'

/** tfjs without the recorder: one operation after the other, the next batch at hand without a call. */
export function eagerForms(tf: Tfjs, tensors: CaseTensors): Forms {
  const { runs, model } = tensors.row
  return {
    'own update': () => new Eager(tf, tensors, false, false),
    'tf.train.momentum': () => new Eager(tf, tensors, false, true),
    ...(runs > 1 && model.kind === 'mlp' ? { batched: () => new Eager(tf, tensors, true, false) } : {}),
  }
}

interface Run {
  readonly runs: readonly number[]
  weights: Weights
  momenta: Weights
  readonly x: readonly Tensor[]
  readonly y: readonly Tensor[]
}

class Eager implements Form {
  private readonly tf: Tfjs
  private readonly tensors: CaseTensors
  private readonly network: Network
  private readonly batched: boolean
  private readonly optimizer: boolean
  private runs: Run[] = []
  private step = 0

  constructor(tf: Tfjs, tensors: CaseTensors, batched: boolean, optimizer: boolean) {
    this.tf = tf
    this.tensors = tensors
    this.network = new Network(tf, tensors.row)
    this.batched = batched
    this.optimizer = optimizer
  }

  start(): void {
    this.close()
    const { tf, tensors } = this
    const split = (all: Tensor) => {
      const parts = tf.unstack(all)
      all.dispose()
      return parts
    }
    const all = Array.from({ length: tensors.row.runs }, (_, run) => run)
    const groups = this.batched ? [all] : all.map((run) => [run])
    this.runs = groups.map((runs) => {
      const weights = this.batched ? tensors.weightsOf(runs, true) : tensors.weights(runs[0]!)
      const [x, y] = (['x', 'y'] as const).map((name) =>
        split(this.batched ? tensors.batchesOf(name, runs) : tensors.batches(name, runs[0]!)),
      ) as [Tensor[], Tensor[]]
      return {
        runs,
        weights: this.optimizer ? this.variables(weights) : weights,
        momenta: tensors.zeros(weights),
        x,
        y,
      }
    })
    this.step = 0
  }

  advance(rate: number, steps: number): void {
    const { tf } = this
    const end = this.step + steps
    for (const run of this.runs) {
      if (this.optimizer) this.minimize(run, rate, end)
      else {
        const fed = tf.scalar(rate)
        for (let step = this.step; step < end; step++) this.update(run, fed, step % BATCHES)
        fed.dispose()
      }
    }
    this.step = end
  }

  weights(): Float64Array {
    return this.tensors.flat(this.runs)
  }

  close(): void {
    this.tf.dispose(this.runs as unknown as Tensor[])
    this.runs = []
  }

  private update(run: Run, rate: Tensor, batch: number): void {
    const { tf } = this
    const before = [run.weights, run.momenta]
    const after = tf.tidy(
      () =>
        this.network.step(
          run.weights,
          run.momenta,
          [[run.x[batch]!, run.y[batch]!]],
          rate,
          MOMENTUM,
        ) as never,
    ) as { weights: Weights; momenta: Weights; loss: Tensor }
    run.weights = after.weights
    run.momenta = after.momenta
    tf.dispose([...before, after.loss] as never)
  }

  /** tfjs's own optimizer. Its momenta start anew with every call, as those of `start` do. */
  private minimize(run: Run, rate: number, end: number): void {
    const { tf } = this
    const optimizer = tf.train.momentum(rate, MOMENTUM)
    const variables = Object.values(run.weights) as never[]
    for (let step = this.step; step < end; step++) {
      const batch = step % BATCHES
      tf.tidy(() => {
        const target = this.network.target(run.weights, run.y[batch]!)
        optimizer.minimize(
          () => this.network.loss(run.weights, run.x[batch]!, target) as never,
          false,
          variables,
        )
      })
    }
    optimizer.dispose()
  }

  private variables(weights: Weights): Weights {
    const { tf } = this
    const made = Object.fromEntries(
      Object.entries(weights).map(([name, one]) => [name, tf.variable(one) as Tensor]),
    )
    tf.dispose(weights as never)
    return made
  }
}
