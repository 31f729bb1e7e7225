import { before, describe, it } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import { stopGradient } from '../../workers/engines/tensorflow/recorder/stop-gradient.ts'
import { assertSameBits, descend, needsTensorFlow, normal, type Recordable, tensors } from './recorded.ts'

type Case = (tf: Tfjs) => Recordable
type T4 = never // tfjs asks for ranks that its own results do not carry

/** Into a graph that is called, TensorFlow itself puts oneDNN's softmax, which eager execution does not have. */
const LOWERED = 1e-6

const image = (tf: Tfjs, channels = 3) => normal(tf, [4, 8, 8, channels], 1)

/** A layer with weights, trained towards noise of its output's shape. */
function layer(
  weights: (tf: Tfjs) => Tensors,
  x: (tf: Tfjs) => Tensor,
  apply: (tf: Tfjs, w: Tensors, x: Tensor) => Tensor,
): Case {
  return (tf) => {
    const [state, input] = [weights(tf), x(tf)]
    const output = tf.tidy(() => apply(tf, state, input).shape)
    const target = normal(tf, output, 99)
    return {
      state,
      inputs: { x: input, target },
      step: (w, given) =>
        descend(tf, w, 0.05, () => tf.mean(tf.squaredDifference(apply(tf, w, given.x!), given.target!))),
    }
  }
}

/** A layer of weights followed by a function of its outputs. */
function activation(f: (tf: Tfjs, x: Tensor) => Tensor): Case {
  return layer(
    (tf) => ({ w: normal(tf, [5, 6], 1), b: normal(tf, [6], 2) }),
    (tf) => normal(tf, [7, 5], 3),
    (tf, w, x) => f(tf, tf.add(tf.matMul(x, w.w!), w.b!)),
  )
}

const CASES: Readonly<Record<string, Case>> = {
  relu: activation((tf, x) => tf.relu(x)),
  relu6: activation((tf, x) => tf.relu6(x)),
  'leaky relu': activation((tf, x) => tf.leakyRelu(x, 0.1)),
  elu: activation((tf, x) => tf.elu(x)),
  selu: activation((tf, x) => tf.selu(x)),
  tanh: activation((tf, x) => tf.tanh(x)),
  sigmoid: activation((tf, x) => tf.sigmoid(x)),
  softplus: activation((tf, x) => tf.softplus(x)),
  'gelu by erf': activation((tf, x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))))),
  softmax: activation((tf, x) => tf.softmax(x)),
  'log softmax': activation((tf, x) => tf.logSoftmax(x)),
  'absolute value and square root': activation((tf, x) => tf.sqrt(tf.add(tf.abs(x), 1e-3))),
  'clip by value': activation((tf, x) => tf.clipByValue(x, -0.5, 0.5)),
  'a choice by tf.where': activation((tf, x) =>
    tf.where(tf.greater(stopGradient(tf, x), 0), tf.exp(tf.neg(x)), tf.mul(x, 2)),
  ),
  'layer norm': activation((tf, x) => {
    const { mean, variance } = tf.moments(x, -1, true)
    return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)))
  }),
  'reductions over axes': activation((tf, x) =>
    tf.add(tf.add(tf.max(x, 1, true), tf.min(x, 0, true)), tf.logSumExp(tf.mean(x, 0))),
  ),
  'slices, concatenation and stacking': activation((tf, x) => {
    const [a, b] = tf.split(x, 2, 1)
    return tf.add(tf.concat([b!, a!], 1), tf.reshape(tf.stack([a!, b!], 1), [7, 6]))
  }),
  'transposition, tiles and padding': activation((tf, x) =>
    tf.tile(
      tf.pad(tf.transpose(x as T4), [
        [1, 0],
        [0, 2],
      ]),
      [2, 1],
    ),
  ),
  'gathered rows': activation((tf, x) => tf.gather(x, tf.tensor1d([3, 0, 3, 6], 'int32'))),
  'cumulative sums': activation((tf, x) => tf.cumsum(x, 1)),
  'a deep linear network': layer(
    (tf) => ({ a: normal(tf, [6, 6], 1, 0.4), b: normal(tf, [6, 6], 2, 0.4), c: normal(tf, [4, 6], 3, 0.4) }),
    (tf) => normal(tf, [6, 20], 4),
    (tf, w, x) => tf.matMul(w.c!, tf.matMul(w.b!, tf.matMul(w.a!, x))),
  ),
  'a batch of matrices': layer(
    (tf) => ({ w: normal(tf, [3, 5, 4], 1) }),
    (tf) => normal(tf, [3, 7, 5], 2),
    (tf, w, x) => tf.matMul(x, w.w!),
  ),
  'a stopped target': layer(
    (tf) => ({ w: normal(tf, [5, 5], 1), v: normal(tf, [5, 5], 2) }),
    (tf) => normal(tf, [8, 5], 3),
    (tf, w, x) => tf.sub(tf.matMul(tf.matMul(x, w.w!), w.v!), stopGradient(tf, tf.matMul(x, w.w!))),
  ),
  attention: layer(
    (tf) => ({ q: normal(tf, [6, 6], 1), k: normal(tf, [6, 6], 2), v: normal(tf, [6, 6], 3) }),
    (tf) => normal(tf, [2, 5, 6], 4),
    (tf, w, x) => {
      const rows = tf.reshape(x, [10, 6])
      const [q, k, v] = [w.q!, w.k!, w.v!].map((m) => tf.reshape(tf.matMul(rows, m), [2, 5, 6]))
      return tf.matMul(tf.softmax(tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(6))), v!)
    },
  ),
  convolution: layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3), b: normal(tf, [4], 2) }),
    image,
    (tf, w, x) => tf.relu(tf.add(tf.conv2d(x as T4, w.w as T4, 1, 'same'), w.b!)),
  ),
  'convolution with strides, without padding': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3), v: normal(tf, [2, 2, 4, 2], 2, 0.3) }),
    image,
    (tf, w, x) => tf.conv2d(tf.conv2d(x as T4, w.w as T4, 2, 'valid'), w.v as T4, 1, 'valid'),
  ),
  'fused convolution with bias and relu': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3), b: normal(tf, [4], 2) }),
    image,
    (tf, w, x) =>
      tf.fused.conv2d({
        ...{ x: x as T4, filter: w.w as T4, strides: 1, pad: 'same' },
        ...{ bias: w.b!, activation: 'relu' },
      }),
  ),
  'depthwise convolution': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 2], 1, 0.3) }),
    image,
    (tf, w, x) => tf.depthwiseConv2d(x as T4, w.w as T4, 1, 'same'),
  ),
  'transposed convolution': layer(
    (tf) => ({ w: normal(tf, [3, 3, 2, 3], 1, 0.3) }),
    image,
    (tf, w, x) => tf.conv2dTranspose(x as T4, w.w as T4, [4, 16, 16, 2], 2, 'same'),
  ),
  'mean pooling': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3) }),
    image,
    (tf, w, x) => tf.avgPool(tf.conv2d(x as T4, w.w as T4, 1, 'same') as T4, 2, 2, 'same'),
  ),
  'max pooling': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3) }),
    image,
    (tf, w, x) => tf.maxPool(tf.conv2d(x as T4, w.w as T4, 1, 'same') as T4, 2, 2, 'valid'),
  ),
  'mean over an image': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3) }),
    image,
    (tf, w, x) => tf.mean(tf.conv2d(x as T4, w.w as T4, 1, 'same'), [1, 2]),
  ),
  'resized images': layer(
    (tf) => ({ w: normal(tf, [3, 3, 3, 4], 1, 0.3) }),
    image,
    (tf, w, x) => tf.image.resizeBilinear(tf.conv2d(x as T4, w.w as T4, 1, 'same') as T4, [5, 5]),
  ),
  'a residual block': layer(
    (tf) => ({ a: normal(tf, [3, 3, 3, 3], 1, 0.2), b: normal(tf, [3, 3, 3, 3], 2, 0.2) }),
    image,
    (tf, w, x) => {
      const inner = tf.relu(tf.conv2d(x as T4, w.a as T4, 1, 'same'))
      return tf.relu(tf.add(x, tf.conv2d(inner as T4, w.b as T4, 1, 'same')))
    },
  ),
}

describe('five recorded steps have the bits of five eager ones:', needsTensorFlow, () => {
  let tf: Tfjs
  before(async () => {
    tf = await tensors()
  })

  for (const [name, make] of Object.entries(CASES)) {
    it(name, () => {
      const recordable = make(tf)
      assertSameBits(tf, recordable, { executor: 'serial' })
      assertSameBits(tf, recordable, { executor: 'parallel' })
      assertSameBits(tf, recordable, { form: 'lowered' }, LOWERED)
      tf.dispose([recordable.state, recordable.inputs])
    })
  }
})
