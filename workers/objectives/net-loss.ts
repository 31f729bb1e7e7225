import type { NetLayers } from '../../src/experiment/net-layers.ts'
import type { NetSpec } from '../../src/experiment/resolve.ts'
import { dense } from '../engines/tensorflow/kernels/dense.ts'
import { squareSums } from '../engines/tensorflow/kernels/squares.ts'
import { stopGradient } from '../engines/tensorflow/recorder/stop-gradient.ts'
import type { Tensor, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'
import { centred, columnSums } from '../models/column-sums.ts'
import { applyLayers, type Pass } from '../models/net.ts'

/** Batches of views of R runs, [R][B][…shape], and the weights that see them, [R][…]. */
export interface View {
  readonly tf: Tfjs
  readonly x: Tensor
  readonly y: Tensor
  readonly weights: Tensors
  /** Of an encoder that follows slowly (JEPA with an EMA target), under the encoder's names. */
  readonly target?: Tensors
  readonly isTraining: boolean
  readonly hear?: Pass['hear'] | undefined
}

/**
 * The loss of each run, [R], on its batch of B samples with representations h = f(x):
 *
 *   JEPA   1/(2B) Σ |g(h) − f̄(y)|²    f̄ the encoder itself or its moving average; no gradient passes through it
 *   MAE    1/(2B) Σ |g(h) − y|²        or over the entries alone where x is 0: those that were masked
 *   + variance · (1/k) Σ_j max(0, 1 − √(Var h_j + 1e-4)) + covariance · (1/k) Σ_{i≠j} Cov(h_i, h_j)²
 *
 * the last two of VICReg (Bardes et al. 2022) on the representation of x, with B − 1 in their denominators. Sums over entries, halves and
 * all are those of the deep linear losses (docs/theory.md §1), so that rates and times mean the same.
 */
export function netLoss(spec: NetSpec, layers: NetLayers, view: View): Tensor {
  const { tf, x, y, weights } = view
  const pass: Pass = { tf, weights, isTraining: view.isTraining, hear: view.hear }
  const representation = applyLayers(pass, layers.encoder, x)
  const guess = applyLayers(pass, layers.head, representation)
  const wanted = spec.objective === 'jepa' ? targetOf(view, layers) : y
  const missed = tf.sub(guess, wanted)
  const counted = spec.loss.pixels === 'masked' ? tf.mul(missed, tf.cast(tf.equal(x, 0), 'float32')) : missed
  const error = halfMeanSquare(tf, counted, view.isTraining)
  const { variance, covariance } = spec.loss
  if (variance === 0 && covariance === 0) return error
  return tf.add(error, spreading(tf, representation, variance, covariance))
}

/** Moving moments are kept of x alone. */
function targetOf({ tf, y, weights, target = weights, isTraining }: View, { encoder }: NetLayers): Tensor {
  return stopGradient(tf, applyLayers({ tf, weights: target, isTraining }, encoder, y))
}

/**
 * 1/(2B) Σ r² of each run; its slope r/B takes no array of ones, as that of tfjs's sum does. While a run trains the sum itself is only
 * looked at for whether it is a number, and is taken with the step; what is measured is tfjs's sum.
 */
function halfMeanSquare(tf: Tfjs, residual: Tensor, isTraining: boolean): Tensor {
  const [runs, rows] = residual.shape as [number, number]
  const apply = tf.customGrad((...given: unknown[]) => {
    const [r, save] = given as [Tensor, (tensors: Tensor[]) => void]
    save([r])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [own] = saved as [Tensor]
      const each = own.shape.map((_, axis) => (axis === 0 ? runs : 1))
      return tf.mul(own, tf.reshape(tf.mul(dy, 1 / rows), each))
    }
    const sums = isTraining ? squareSums(tf, r) : tf.sum(tf.reshape(tf.square(r), [runs, -1]), 1)
    return { value: tf.mul(sums, 0.5 / rows), gradFunc }
  })
  return apply(residual)
}

function spreading(tf: Tfjs, h: Tensor, variance: number, covariance: number): Tensor {
  const [, rows, k] = h.shape as [number, number, number]
  const own = centred(tf, h)
  const variances = tf.mul(columnSums(tf, tf.square(own)), 1 / (rows - 1)) // [R][k]
  const narrow = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variances, 1e-4)))), 1)
  const products = dense(tf, tf.transpose(own, [0, 2, 1]), own, null, 'linear')
  const moments = tf.mul(products, 1 / (rows - 1)) // [R][k][k]
  const shared = tf.mul(tf.sub(squares(tf, moments), squares(tf, variances)), 1 / k)
  return tf.add(tf.mul(narrow, variance), tf.mul(shared, covariance))
}

/** Σ of the squares of each run. */
function squares(tf: Tfjs, x: Tensor): Tensor {
  return tf.sum(tf.reshape(tf.square(x), [x.shape[0]!, -1]), 1)
}
