import { ATTRIBUTE, type Attribute, backendOf } from '../recorder/binding.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/** What a layer's sums go through. */
export type Activation = 'linear' | 'relu' | 'tanh'

/** Forward alone, for now. */
export function dense(
  tf: Tfjs,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  activation: Activation = 'linear',
): Tensor {
  if (!hasKernels(tf)) throw new Error('to be composed')
  const attributes: Attribute[] = [{ name: 'activation', type: ATTRIBUTE.string, value: activation }]
  return backendOf(tf).executeSingleOutput('JepalabDense', attributes, [x, w, b ?? tf.zeros([0])])
}
