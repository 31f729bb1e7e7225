import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { NamedTensors } from '../../../src/experiment/matrix.ts'
import type { Tfjs } from './recorder/binding.ts'

/** Types of the tensor library, for models and objectives that are written with it: they are handed `tf`, and load nothing. */
export type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu'
export type { Tfjs } from './recorder/binding.ts'
export type { Tensors } from './recorder/step.ts'

/** Arrays in TensorFlow. */
export function uploaded(tf: Tfjs, tensors: NamedTensors): Record<string, Tensor> {
  const entries = Object.entries(tensors)
  return Object.fromEntries(entries.map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]))
}
