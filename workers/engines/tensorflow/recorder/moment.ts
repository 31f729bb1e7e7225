import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Backend, backendOf, DTYPE, type Tfjs, typeAttribute } from './binding.ts'

const PHILOX = 1 // TensorFlow's number of the algorithm

/**
 * When a step happens, as tensors: its number, and draws that belong to it. A draw is a function of seed, step,
 * stream and place alone (Philox 4×32-10 with the seed as key and (0, 0, step, stream) as first counter), so it
 * is the same however steps are cut into calls, and in eager and recorded steps.
 */
export class Moment {
  readonly #tf: Tfjs
  readonly #seed: Tensor
  /** The number of this step, an int32 scalar: 0 at the first. */
  readonly step: Tensor

  constructor(tf: Tfjs, step: Tensor, seed: Tensor) {
    this.#tf = tf
    this.#seed = seed
    this.step = step
  }

  /** Numbers in [0, 1). Draws of one step that should differ need streams of their own. */
  uniform(shape: readonly number[], stream = 0): Tensor {
    return this.#draw('StatelessRandomUniformV2', DTYPE.float32, shape, stream)
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], stream = 0): Tensor {
    return this.#draw('StatelessRandomNormalV2', DTYPE.float32, shape, stream)
  }

  /** Whole numbers 0 … below − 1 (int32), each as likely to a part in 2³² / below. */
  integers(shape: readonly number[], below: number, stream = 0): Tensor {
    const bounds = [this.#tf.scalar(0, 'int32'), this.#tf.scalar(below, 'int32')]
    return this.#draw('StatelessRandomUniformIntV2', DTYPE.int32, shape, stream, bounds)
  }

  #draw(
    name: string,
    dtype: number,
    shape: readonly number[],
    stream: number,
    bounds: readonly Tensor[] = [],
  ): Tensor {
    const tf = this.#tf
    const backend = backendOf(tf)
    const { binding } = backend
    return tf.tidy(() => {
      const zero = tf.scalar(0, 'int32')
      const words = tf.stack([zero, zero, this.step, tf.scalar(stream, 'int32')]).reshape([2, 2])
      const [dimensions, algorithm, ...limits] = backend.getInputTensorIds([
        tf.tensor1d([...shape], 'int32'),
        tf.scalar(PHILOX, 'int32'),
        ...bounds,
      ])
      const key = this.#bits(backend, this.#seed.reshape([1, 2]))
      const counter = this.#bits(backend, words)
      const attributes = [typeAttribute('dtype', dtype), typeAttribute('Tshape', DTYPE.int32)]
      const inputs = [dimensions!, key, counter, algorithm!, ...limits]
      const [drawn] = binding.executeOp(name, attributes, inputs, 1)
      binding.deleteTensor(key)
      binding.deleteTensor(counter)
      return backend.createOutputTensor(drawn!)
    })
  }

  /** Pairs of int32 as uint64, a type that tfjs has no name for: hence a bare id. */
  #bits(backend: Backend, words: Tensor): number {
    const types = [typeAttribute('T', DTYPE.int32), typeAttribute('type', DTYPE.uint64)]
    return backend.binding.executeOp('Bitcast', types, backend.getInputTensorIds([words]), 1)[0]!.id
  }
}
