import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { backendOf, type Tfjs } from './binding.ts'

/**
 * The same numbers, through which no gradient passes. A new tensor on the same memory, unknown to tfjs's tape:
 * the target of a loss is then not differentiated at all. (tf.customGrad with a slope of zeros would run the whole
 * backward pass of the target, to multiply by nothing.)
 */
export function stopGradient<T extends Tensor>(tf: Tfjs, tensor: T): T {
  const { dataId, shape, dtype } = tensor
  backendOf(tf).incRef(dataId)
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }) as T
}
