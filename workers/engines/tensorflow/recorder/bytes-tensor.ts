import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { backendOf, DTYPE, type Tfjs } from './binding.ts'

/**
 * Bytes as a tensor that stays bytes, a quarter of the memory of floats: images that are kept for a whole run. tfjs
 * has no such type and takes it for int32; in a recorded step, and in `runEagerly`, tf.gather picks rows of it and
 * tf.cast makes floats of them.
 */
export function bytesTensor(tf: Tfjs, bytes: Uint8Array, shape: readonly number[]): Tensor {
  const backend = backendOf(tf)
  const id = backend.binding.createTensor(shape, DTYPE.uint8, bytes)
  return backend.createOutputTensor({ id, shape, dtype: DTYPE.uint8 })
}
