import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { NetworkRow } from './rows.ts'

type AnyRank = never // tfjs asks for ranks that its own results do not carry

export type Weights = Readonly<Record<string, Tensor>>

/** x and y. */
export type Pair = readonly [Tensor, Tensor]

/** A training step of a row's network. */
export interface TrainingStep {
  /**
   * Weights and momenta after a step, and the loss before it.
   *
   * @param pairs x and y of the batch, or of equal parts of it, which TensorFlow can work on at once
   */
  step(
    weights: Weights,
    momenta: Weights,
    pairs: readonly Pair[],
    rate: Tensor,
    momentum: number,
  ): { readonly weights: Weights; readonly momenta: Weights; readonly loss: Tensor }
}

/** The step of one run, or of a batch of MLPs, in tfjs: x, y [batch]… or [R, batch]…, weights alike. */
export class Network implements TrainingStep {
  private readonly tf: Tfjs
  private readonly row: NetworkRow

  constructor(tf: Tfjs, row: NetworkRow) {
    this.tf = tf
    this.row = row
  }

  /** What the loss compares with: made before the gradient is taken, so nothing of it is differentiated. */
  target(weights: Weights, y: Tensor): Tensor {
    return this.row.objective === 'jepa' ? this.outputs(weights, y) : y
  }

  /** Mean squared error of each run, and their sum: the gradients of runs stay their own. */
  loss(weights: Weights, x: Tensor, target: Tensor): Tensor {
    const { tf } = this
    const made = this.outputs(weights, x)
    const predicted = weights.p === undefined ? made : tf.matMul(made, weights.p)
    const apart = tf.squaredDifference(predicted, target)
    return apart.rank === 2 ? tf.mean(apart) : tf.sum(tf.mean(apart, [1, 2]))
  }

  step(weights: Weights, momenta: Weights, pairs: readonly Pair[], rate: Tensor, momentum: number) {
    const { tf } = this
    const names = Object.keys(weights)
    const parts = pairs.map(([x, y]) => [x, this.target(weights, y)] as const)
    const { value, grads } = tf.valueAndGrads((...given: Tensor[]) => {
      const own = Object.fromEntries(names.map((name, k) => [name, given[k]!]))
      const losses = parts.map(([x, target]) => this.loss(own, x, target))
      return losses.length === 1 ? losses[0]! : tf.div(tf.addN(losses), losses.length)
    })(names.map((name) => weights[name]!))
    const after = names.map((name, k) => tf.add(tf.mul(momenta[name]!, momentum), grads[k]!))
    return {
      weights: entries(names, (name, k) => tf.sub(weights[name]!, tf.mul(after[k]!, rate))),
      momenta: entries(names, (_, k) => after[k]!),
      loss: value,
    }
  }

  private outputs(weights: Weights, x: Tensor): Tensor {
    const { tf } = this
    let h = x
    for (let k = 0; weights[`c${k}`] !== undefined; k++) {
      const made = tf.conv2d(h as AnyRank, weights[`c${k}`] as AnyRank, 2, 'same') as Tensor
      h = tf.relu(tf.add(made, weights[`d${k}`]!))
    }
    if (h.rank === 4 && this.row.model.kind === 'convolutional') h = tf.reshape(h, [h.shape[0]!, -1])
    for (let k = 0; weights[`w${k}`] !== undefined; k++) {
      if (k > 0) h = tf.relu(h)
      h = tf.add(tf.matMul(h, weights[`w${k}`]!), weights[`b${k}`]!)
    }
    return h
  }
}

function entries(names: readonly string[], make: (name: string, k: number) => Tensor): Weights {
  return Object.fromEntries(names.map((name, k) => [name, make(name, k)]))
}
