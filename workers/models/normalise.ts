import type { Tensor, Tensor4D, Tfjs } from '../engines/tensorflow/tensors.ts'

const EPSILON = 1e-5

/** Mean and variance of what is left of the axes. No gradient passes through them, and whoever hears them disposes of them. */
export type HearMoments = (mean: Tensor, variance: Tensor) => void

/**
 * x̂ = (x − mean)/√(variance + 1e-5) over some axes. The slope is closed form,
 *
 *   dx = (dy − mean dy − x̂ mean(dy x̂))/√(variance + 1e-5),
 *
 * because tfjs's own for a mean multiplies by an array of ones as large as x. The variance divides by n.
 */
export function normalise(tf: Tfjs, x: Tensor, axes: number[], hear?: HearMoments): Tensor {
  const apply = tf.customGrad((...given: unknown[]) => {
    const [at, save] = given as [Tensor, (tensors: Tensor[]) => void]
    const mean = tf.mean(at, axes, true)
    const centred = tf.sub(at, mean)
    const variance = tf.mean(tf.square(centred), axes, true)
    const inverse = tf.rsqrt(tf.add(variance, EPSILON))
    const hat = tf.mul(centred, inverse)
    if (hear !== undefined) hear(tf.keep(tf.squeeze(mean, axes)), tf.keep(tf.squeeze(variance, axes)))
    save([hat, inverse])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [own, scale] = saved as [Tensor, Tensor]
      const along = tf.mul(own, tf.mean(tf.mul(dy, own), axes, true))
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, axes, true)), along), scale)
    }
    return { value: hat, gradFunc }
  })
  return apply(x)
}

/** The same with moments that are given. */
export function standardise(tf: Tfjs, x: Tensor, mean: Tensor, variance: Tensor): Tensor {
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)))
}

/** The mean over an image's positions, [batch][channels]. */
export function averaged(tf: Tfjs, image: Tensor4D): Tensor {
  const [, height, width, channels] = image.shape
  const apply = tf.customGrad((...given: unknown[]) => ({
    value: tf.mean(given[0] as Tensor, [1, 2]),
    gradFunc: (dy: Tensor) => {
      const each = tf.reshape(tf.mul(dy, 1 / (height * width)), [-1, 1, 1, channels])
      return tf.tile(each, [1, height, width, 1])
    },
  }))
  return apply(image)
}
