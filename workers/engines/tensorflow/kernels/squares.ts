import { backendOf } from '../recorder/binding.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/**
 * Σ x² of each run, [R][…] → [R]; not differentiable. On our own operations a run's sum is the same alone and among others, on
 * every processor; elsewhere it is tfjs's.
 */
export function squareSums(tf: Tfjs, x: Tensor): Tensor {
  if (hasKernels(tf)) return backendOf(tf).executeSingleOutput('JepalabSquares', [], [x])
  return tf.sum(tf.reshape(tf.square(x), [x.shape[0]!, -1]), 1)
}
