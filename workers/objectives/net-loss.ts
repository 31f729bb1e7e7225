import type { NetLayers } from '../../src/experiment/net-layers.ts'
import type { NetSpec } from '../../src/experiment/resolve.ts'
import { stopGradient } from '../engines/tensorflow/recorder/stop-gradient.ts'
import type { Tensor, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'
import { applyLayers, type Pass } from '../models/net.ts'

/** A batch of views, [rows][…shape], and the weights that see it. */
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
 * The loss of a batch of B samples with representations h = f(x):
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
  const error = halfMeanSquare(tf, counted)
  const { variance, covariance } = spec.loss
  if (variance === 0 && covariance === 0) return error
  return tf.add(error, spreading(tf, representation, variance, covariance))
}

/** Moving moments are kept of x alone. */
function targetOf({ tf, y, weights, target = weights, isTraining }: View, { encoder }: NetLayers): Tensor {
  return stopGradient(tf, applyLayers({ tf, weights: target, isTraining }, encoder, y))
}

/** 1/(2B) Σ r²; its slope r/B takes no array of ones, as that of tfjs's sum does. */
function halfMeanSquare(tf: Tfjs, residual: Tensor): Tensor {
  const rows = residual.shape[0]!
  const apply = tf.customGrad((...given: unknown[]) => {
    const [r, save] = given as [Tensor, (tensors: Tensor[]) => void]
    save([r])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0]!, tf.mul(dy, 1 / rows))
    return { value: tf.mul(tf.sum(tf.square(r)), 0.5 / rows), gradFunc }
  })
  return apply(residual)
}

function spreading(tf: Tfjs, h: Tensor, variance: number, covariance: number): Tensor {
  const [rows, k] = h.shape as [number, number]
  const centred = tf.sub(h, tf.mean(h, 0, true))
  const variances = tf.mul(tf.sum(tf.square(centred), 0), 1 / (rows - 1))
  const narrow = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variances, 1e-4)))))
  const moments = tf.mul(tf.matMul(centred, centred, true, false), 1 / (rows - 1))
  const shared = tf.mul(tf.sub(tf.sum(tf.square(moments)), tf.sum(tf.square(variances))), 1 / k)
  return tf.add(tf.mul(narrow, variance), tf.mul(shared, covariance))
}
