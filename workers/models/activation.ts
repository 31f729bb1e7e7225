import type { Activation } from '../../src/experiment/model-spec.ts'
import type { Tensor, Tfjs } from '../engines/tensorflow/tensors.ts'
import { steadily } from './steadily.ts'

/** φ of each entry, [R][…]. gelu is x Φ(x) with the normal distribution itself, as PyTorch has it. */
export function activate(tf: Tfjs, activation: Activation, x: Tensor): Tensor {
  switch (activation) {
    case 'relu':
      return tf.relu(x)
    case 'tanh':
      return tf.tanh(x)
    case 'gelu':
      return gelu(tf, x)
    default:
      return x
  }
}

/** Its slope is Φ(x) + x φ(x), φ the normal density: the error function of forwards is kept for it. */
function gelu(tf: Tfjs, x: Tensor): Tensor {
  const apply = tf.customGrad((...given: unknown[]) => {
    const [at, save] = given as [Tensor, (tensors: Tensor[]) => void]
    const below = tf.mul(tf.add(tf.erf(tf.mul(at, Math.SQRT1_2)), 1), 0.5) // Φ(x)
    save([at, below])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [a, share] = saved as [Tensor, Tensor]
      const fallen = steadily(tf, tf.mul(tf.square(a), -0.5), (exponent) => tf.exp(exponent))
      const density = tf.mul(fallen, 1 / Math.sqrt(2 * Math.PI))
      return tf.mul(dy, tf.add(share, tf.mul(a, density)))
    }
    return { value: tf.mul(at, below), gradFunc }
  })
  return apply(x)
}
