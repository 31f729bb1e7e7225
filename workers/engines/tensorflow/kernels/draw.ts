import { ATTRIBUTE, backendOf } from '../recorder/binding.ts'
import { Moment } from '../recorder/moment.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/** Of a step of R runs. */
export interface DrawKey {
  readonly seeds: Tensor // int32 [R][2], the seed's lower and upper words
  readonly step: Tensor // int32, one number
  /** Draws of one step that should differ need streams of their own. */
  readonly stream: number
}

/**
 * Standard normal numbers, or uniform ones in [0, 1): a function of a run's seed, the step, the stream, and the place in the shape.
 * On our own operations all runs are drawn at once, and the numbers are our own (native/tensorflow/kernels/draw.cc); elsewhere
 * TensorFlow draws them run by run, with numbers of its own.
 *
 * @param shape of one run's
 * @returns [R][…shape]
 */
export function drawn(
  tf: Tfjs,
  law: 'normal' | 'uniform',
  { seeds, step, stream }: DrawKey,
  shape: readonly number[],
): Tensor {
  if (!hasKernels(tf)) return eachRun(tf, { seeds, step }, (moment) => moment[law](shape, stream))
  const size = shape.reduce((product, n) => product * n, 1)
  const attributes = [
    { name: 'stream', type: ATTRIBUTE.int, value: stream },
    { name: 'size', type: ATTRIBUTE.int, value: size },
  ]
  const name = law === 'normal' ? 'JepalabNormal' : 'JepalabUniform'
  const numbers = backendOf(tf).executeSingleOutput(name, attributes, [seeds, step])
  return tf.reshape(numbers, [seeds.shape[0]!, ...shape])
}

/** What TensorFlow draws for each run (recorder/moment.ts), [R][…]. */
export function eachRun(
  tf: Tfjs,
  { seeds, step }: Pick<DrawKey, 'seeds' | 'step'>,
  draw: (moment: Moment) => Tensor,
): Tensor {
  return tf.tidy(() => tf.stack(tf.unstack(seeds).map((seed) => draw(new Moment(tf, step, seed)))))
}
