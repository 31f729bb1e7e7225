import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { ATTRIBUTE, type Attribute, backendOf, DTYPE, type Tfjs, typeAttribute } from './binding.ts'

const PHILOX = 1 // TensorFlow's number of the algorithm

/**
 * When a step happens, as tensors: its number, and draws that belong to it. A draw is a function of seed, step,
 * stream and place alone (Philox 4×32-10 with the seed as key and (0, 0, step, stream) as first counter), so it
 * is the same however steps are cut into calls, and in eager and recorded steps.
 */
export class Moment {
  readonly #tf: Tfjs
  readonly #seed: Tensor
  #key: Tensor | undefined
  /** The number of this step, an int32 scalar: 0 at the first. */
  readonly step: Tensor

  constructor(tf: Tfjs, step: Tensor, seed: Tensor) {
    this.#tf = tf
    this.#seed = seed
    this.step = step
  }

  /** Numbers in [0, 1). Draws of one step that should differ need streams of their own. */
  uniform(shape: readonly number[], stream = 0): Tensor {
    return this.#draw('StatelessRandomUniformV2', [typeAttribute('dtype', DTYPE.float32)], shape, stream)
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], stream = 0): Tensor {
    return this.#draw('StatelessRandomNormalV2', [typeAttribute('dtype', DTYPE.float32)], shape, stream)
  }

  /** Whole numbers 0 … below − 1 (int32), each as likely to a part in 2³² / below. */
  integers(shape: readonly number[], below: number, stream = 0): Tensor {
    const bounds = [this.#tf.scalar(0, 'int32'), this.#tf.scalar(below, 'int32')]
    const attributes = [typeAttribute('dtype', DTYPE.int32)]
    return this.#draw('StatelessRandomUniformIntV2', attributes, shape, stream, bounds)
  }

  #draw(
    name: string,
    attributes: readonly Attribute[],
    shape: readonly number[],
    stream: number,
    bounds: readonly Tensor[] = [],
  ): Tensor {
    const tf = this.#tf
    const backend = backendOf(tf)
    return tf.tidy(() => {
      const dimensions = tf.tensor1d([...shape], 'int32')
      const zero = tf.scalar(0, 'int32')
      const words = tf.stack([zero, zero, this.step, tf.scalar(stream, 'int32')]).reshape([2, 2])
      const algorithm = tf.scalar(PHILOX, 'int32')
      const inputs = [dimensions, this.#keyOf(), this.#bits(words), algorithm, ...bounds]
      return backend.executeSingleOutput(name, [...attributes, typeAttribute('Tshape', DTYPE.int32)], inputs)
    })
  }

  #keyOf(): Tensor {
    this.#key ??= this.#tf.keep(this.#bits(this.#seed.reshape([1, 2])))
    return this.#key
  }

  /** Pairs of int32 as uint64, which tfjs has no name for. */
  #bits(words: Tensor): Tensor {
    const backend = backendOf(this.#tf)
    const types = [
      { name: 'T', type: ATTRIBUTE.type, value: DTYPE.int32 },
      { name: 'type', type: ATTRIBUTE.type, value: DTYPE.uint64 },
    ]
    return backend.executeSingleOutput('Bitcast', types, [words])
  }
}
