/** Types of the tensor library, for models and objectives that are written with it: they are handed `tf`, and load nothing. */
export type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu'
export type { Tfjs } from './recorder/binding.ts'
export type { Tensors } from './recorder/step.ts'
