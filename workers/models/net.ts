import type { Convolution, Dense, Layer } from '../../src/experiment/net-layers.ts'
import { convolution, transposed } from '../engines/tensorflow/kernels/convolution.ts'
import { dense, type Activation as Fused } from '../engines/tensorflow/kernels/dense.ts'
import type { Tensor, Tensors, Tfjs } from '../engines/tensorflow/tensors.ts'
import { activate } from './activation.ts'
import { averaged, batchNorm, layerNorm, scaled, standardise } from './normalise.ts'

/**
 * What nets of one shape make of their batches, as ordinary tfjs code: a function of named weights. Everything has a leading axis
 * of R runs, whose numbers never meet: weights are [R][…], batches [R][B][…], images [R][B][height][width][channels].
 */
export interface Pass {
  readonly tf: Tfjs
  readonly weights: Tensors
  /** Whether batch norm takes the moments of the batch. Else it takes the moving ones, and a sample's representation is its own. */
  readonly isTraining: boolean
  /** Hears the moments of a batch as batch norm meets them, to keep moving ones; it disposes of them. */
  readonly hear?: ((layer: string, mean: Tensor, variance: Tensor) => void) | undefined
}

/** Runs batches through layers. */
export function applyLayers(pass: Pass, layers: readonly Layer[], batch: Tensor): Tensor {
  return layers.reduce((x, layer) => applyLayer(pass, layer, x), batch)
}

function applyLayer(pass: Pass, layer: Layer, x: Tensor): Tensor {
  const { tf } = pass
  switch (layer.kind) {
    case 'dense':
    case 'convolution':
    case 'transposed':
      return weighted(pass, layer, x)
    case 'average':
      return averaged(tf, x)
    default:
      return tf.reshape(x, [x.shape[0]!, x.shape[1]!, ...layer.to])
  }
}

/** Product and bias, norm, what is skipped, activation; all at once where nothing comes between. */
function weighted(pass: Pass, layer: Dense | Convolution, x: Tensor): Tensor {
  const { tf } = pass
  const { norm, activation } = layer
  const skip = 'skip' in layer && layer.skip !== 'none' ? layer : null
  if (norm === 'none' && skip === null && activation !== 'gelu') return product(pass, layer, x, activation)
  let y = product(pass, layer, x, 'linear')
  if (norm !== 'none')
    y = scaled(tf, normed(pass, layer, y), weight(pass, layer, 'gain'), weight(pass, layer, 'shift'))
  if (skip !== null) y = tf.add(y, skipped(pass, skip, x))
  return activate(tf, activation, y)
}

function product(pass: Pass, layer: Dense | Convolution, x: Tensor, activation: Fused): Tensor {
  const { tf } = pass
  const kernel = weight(pass, layer, 'kernel')
  const bias = layer.norm === 'batch' ? null : weight(pass, layer, 'bias')
  if (layer.kind === 'dense') return dense(tf, x, kernel, bias, activation)
  const { stride, to } = layer
  if (layer.kind === 'convolution') return convolution(tf, x, kernel, bias, { stride, activation })
  return transposed(tf, x, kernel, bias, { to: [to[0], to[1]], stride, activation })
}

function skipped(pass: Pass, { name, skip, stride }: Convolution, x: Tensor): Tensor {
  if (skip === 'identity') return x
  return convolution(pass.tf, x, weight(pass, { name }, 'skip'), null, { stride, activation: 'linear' })
}

/** Layer norm is over all of a sample, batch norm over all of a channel. */
function normed(pass: Pass, { name, norm }: Dense | Convolution, y: Tensor): Tensor {
  const { tf, isTraining, hear } = pass
  if (norm === 'layer') return layerNorm(tf, y)
  if (!isTraining)
    return standardise(tf, y, weight(pass, { name }, 'mean'), weight(pass, { name }, 'variance'))
  return batchNorm(tf, y, hear && ((mean, variance) => hear(name, mean, variance)))
}

function weight({ weights }: Pass, { name }: { readonly name: string }, part: string): Tensor {
  const found = weights[`${name}.${part}`]
  if (found === undefined) throw new RangeError(`There are no weights ${name}.${part}.`)
  return found
}
