import { convolution } from '../../workers/engines/tensorflow/kernels/convolution.ts'
import { dense } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { squareSums } from '../../workers/engines/tensorflow/kernels/squares.ts'
import { sgdUpdate } from '../../workers/engines/tensorflow/kernels/update.ts'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Pair, TrainingStep, Weights } from './network.ts'
import type { NetworkRow } from './rows.ts'

/**
 * The same training step in layers and updates of our own (workers/engines/tensorflow/kernels), as the engine trains nets: of R
 * runs at once, every tensor with an axis of runs before its others.
 */
export class LayeredNetwork implements TrainingStep {
  private readonly tf: Tfjs
  private readonly row: NetworkRow

  constructor(tf: Tfjs, row: NetworkRow) {
    this.tf = tf
    this.row = row
  }

  step(weights: Weights, momenta: Weights, [[x, y]]: readonly [Pair], rate: Tensor, momentum: number) {
    const { tf } = this
    const names = Object.keys(weights)
    const target = this.row.objective === 'jepa' ? this.outputs(weights, y) : y
    const { value, grads } = tf.valueAndGrads((...given: Tensor[]) => {
      const own = Object.fromEntries(names.map((name, k) => [name, given[k]!]))
      const made = this.outputs(own, x)
      return this.loss(own.p === undefined ? made : dense(tf, made, own.p, null), target)
    })(names.map((name) => weights[name]!))
    const after = names.map((name, k) =>
      sgdUpdate(
        tf,
        { momentum, decay: 0 },
        { weight: weights[name]!, gradient: grads[k]!, rates: rate, lost: null, momentum: momenta[name]! },
      ),
    )
    const entries = (pick: (one: (typeof after)[number]) => Tensor) =>
      Object.fromEntries(names.map((name, k) => [name, pick(after[k]!)]))
    return {
      weights: entries(({ weight }) => weight),
      momenta: entries((one) => one.momentum!),
      loss: value,
    }
  }

  /** The sum over runs of Σ r²/(B d), with the slope 2r/(B d). */
  private loss(made: Tensor, target: Tensor): Tensor {
    const { tf } = this
    const share = 1 / (target.shape[1]! * target.shape[2]!)
    const squared = tf.customGrad((...given: unknown[]) => {
      const [r, save] = given as [Tensor, (tensors: Tensor[]) => void]
      save([r])
      const gradFunc = (dy: Tensor, [saved]: Tensor[]) => tf.mul(saved!, tf.mul(dy, 2 * share))
      return { value: tf.mul(tf.sum(squareSums(tf, r)), share), gradFunc }
    })
    return squared(tf.sub(made, target))
  }

  private outputs(weights: Weights, x: Tensor): Tensor {
    const { tf } = this
    let h = x
    for (let k = 0; weights[`c${k}`] !== undefined; k++) {
      h = convolution(tf, h, weights[`c${k}`]!, weights[`d${k}`]!, { stride: 2, activation: 'relu' })
    }
    if (h.rank === 5) h = tf.reshape(h, [h.shape[0]!, h.shape[1]!, -1])
    for (let k = 0; weights[`w${k}`] !== undefined; k++) {
      const isLast = weights[`w${k + 1}`] === undefined
      h = dense(tf, h, weights[`w${k}`]!, weights[`b${k}`]!, isLast ? 'linear' : 'relu')
    }
    return h
  }
}
