import type { Convolution, Dense, Layer } from '../../src/experiment/net-layers.ts'
import type { Tensor, Tensor4D, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'
import { activate } from './activation.ts'
import { averaged, normalise, standardise } from './normalise.ts'

/**
 * What a net's layers make of a batch, as ordinary tfjs code: a function of named weights. Rows are samples, images are
 * [batch][height][width][channels].
 */
export interface Pass {
  readonly tf: Tfjs
  readonly weights: Tensors
  /** Whether batch norm takes the moments of the batch. Else it takes the moving ones, and a sample's representation is its own. */
  readonly isTraining: boolean
  /** Hears the moments of a batch as batch norm meets them, to keep moving ones; it disposes of them. */
  readonly hear?: ((layer: string, mean: Tensor, variance: Tensor) => void) | undefined
}

/** Runs a batch through layers. */
export function applyLayers(pass: Pass, layers: readonly Layer[], batch: Tensor): Tensor {
  return layers.reduce((x, layer) => applyLayer(pass, layer, x), batch)
}

function applyLayer(pass: Pass, layer: Layer, x: Tensor): Tensor {
  const { tf } = pass
  switch (layer.kind) {
    case 'dense':
      return finishLayer(pass, layer, x, tf.matMul(x, weight(pass, layer, 'kernel')))
    case 'convolution':
    case 'transposed':
      return finishLayer(pass, layer, x, convolve(pass, layer, x as Tensor4D))
    case 'average':
      return averaged(tf, x as Tensor4D)
    default:
      return tf.reshape(x, [x.shape[0]!, ...layer.to])
  }
}

function convolve(pass: Pass, { name, kind, stride, to }: Convolution, x: Tensor4D): Tensor {
  const { tf } = pass
  const kernel = weight(pass, { name }, 'kernel') as Tensor4D
  if (kind === 'convolution') return tf.conv2d(x, kernel, stride, 'same')
  return tf.conv2dTranspose(x, kernel, [x.shape[0], ...to], stride, 'same')
}

/** Bias, norm, what is skipped, activation. */
function finishLayer(pass: Pass, layer: Dense | Convolution, x: Tensor, product: Tensor): Tensor {
  const { tf } = pass
  const { norm, activation } = layer
  let y = product
  if (norm !== 'batch') y = tf.add(y, weight(pass, layer, 'bias'))
  if (norm !== 'none')
    y = tf.add(tf.mul(normed(pass, layer, y), weight(pass, layer, 'gain')), weight(pass, layer, 'shift'))
  if ('skip' in layer && layer.skip !== 'none') y = tf.add(y, skipped(pass, layer, x as Tensor4D))
  return activate(tf, activation, y)
}

function skipped(pass: Pass, layer: Convolution, x: Tensor4D): Tensor {
  if (layer.skip === 'identity') return x
  return pass.tf.conv2d(x, weight(pass, layer, 'skip') as Tensor4D, layer.stride, 'same')
}

/** Layer norm is over all of a sample, batch norm over all of a channel. */
function normed(pass: Pass, { name, norm }: Dense | Convolution, y: Tensor): Tensor {
  const { tf, isTraining, hear } = pass
  const axes = y.shape.map((_, axis) => axis)
  if (norm === 'layer') return normalise(tf, y, axes.slice(1))
  if (!isTraining)
    return standardise(tf, y, weight(pass, { name }, 'mean'), weight(pass, { name }, 'variance'))
  const listen = hear && ((mean: Tensor, variance: Tensor) => hear(name, mean, variance))
  return normalise(tf, y, axes.slice(0, -1), listen)
}

function weight({ weights }: Pass, { name }: { readonly name: string }, part: string): Tensor {
  const found = weights[`${name}.${part}`]
  if (found === undefined) throw new RangeError(`There are no weights ${name}.${part}.`)
  return found
}
