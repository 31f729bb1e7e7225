import type { Tensor, Tfjs } from '../engines/tensorflow/tensors.ts'
import { columnMeans, columnSums, perRow } from './column-sums.ts'

const EPSILON = 1e-5

/** Mean and variance, [R][channels]. No gradient passes through them, and whoever hears them disposes of them. */
export type HearMoments = (mean: Tensor, variance: Tensor) => void

/** Over all of a sample, [R][B][…]. */
export function layerNorm(tf: Tfjs, x: Tensor): Tensor {
  const inner = x.shape.map((_, axis) => axis).slice(2)
  return normalise(tf, x, (at) => tf.mean(at, inner, true))
}

/** Over all of a channel of a run, [R][…][channels]. */
export function batchNorm(tf: Tfjs, x: Tensor, hear?: HearMoments): Tensor {
  return normalise(tf, x, (at) => perRow(tf, columnMeans(tf, at), at.shape), hear)
}

/**
 * x̂ = (x − mean)/√(variance + 1e-5). The slope is closed form,
 *
 *   dx = (dy − mean dy − x̂ mean(dy x̂))/√(variance + 1e-5),
 *
 * because tfjs's own for a mean multiplies by an array of ones as large as x. The variance divides by n.
 *
 * @param meanOf means in a shape that goes with their array
 */
function normalise(tf: Tfjs, x: Tensor, meanOf: (x: Tensor) => Tensor, hear?: HearMoments): Tensor {
  const heard = (moments: Tensor) => tf.keep(tf.reshape(moments, [x.shape[0]!, x.shape.at(-1)!]))
  const apply = tf.customGrad((...given: unknown[]) => {
    const [at, save] = given as [Tensor, (tensors: Tensor[]) => void]
    const mean = meanOf(at)
    const less = tf.sub(at, mean)
    const variance = meanOf(tf.square(less))
    const inverse = inverseRoot(tf, variance)
    const hat = tf.mul(less, inverse)
    if (hear !== undefined) hear(heard(mean), heard(variance))
    save([hat, inverse])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [own, scale] = saved as [Tensor, Tensor]
      const along = tf.mul(own, meanOf(tf.mul(dy, own)))
      return tf.mul(tf.sub(tf.sub(dy, meanOf(dy)), along), scale)
    }
    return { value: hat, gradFunc }
  })
  return apply(x)
}

/** The same with moments that are given, [R][channels]. */
export function standardise(tf: Tfjs, x: Tensor, mean: Tensor, variance: Tensor): Tensor {
  const of = (moments: Tensor) => perRow(tf, moments, x.shape)
  return tf.mul(tf.sub(x, of(mean)), of(inverseRoot(tf, variance)))
}

/** 1/√(v + 1e-5). TensorFlow's rsqrt has other last bits at the end of an array than before. */
function inverseRoot(tf: Tfjs, variance: Tensor): Tensor {
  return tf.div(1, tf.sqrt(tf.add(variance, EPSILON)))
}

/** x times a gain and with a shift for each unit or channel, [R][channels]. */
export function scaled(tf: Tfjs, x: Tensor, gain: Tensor, shift: Tensor): Tensor {
  const apply = tf.customGrad((...given: unknown[]) => {
    const [at, factor, more, save] = given as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void]
    const of = (columns: Tensor) => perRow(tf, columns, at.shape)
    save([at, factor])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [before, by] = saved as [Tensor, Tensor]
      return [tf.mul(dy, of(by)), columnSums(tf, tf.mul(dy, before)), columnSums(tf, dy)]
    }
    return { value: tf.add(tf.mul(at, of(factor)), of(more)), gradFunc }
  })
  return apply(x, gain, shift)
}

/** The mean over an image's positions, [R][B][channels]. */
export function averaged(tf: Tfjs, images: Tensor): Tensor {
  const [runs, rows, height, width, channels] = images.shape as [number, number, number, number, number]
  const each = tf.reshape(images, [runs * rows, height * width, channels])
  const means = tf.mul(columnSums(tf, each), 1 / (height * width))
  return tf.reshape(means, [runs, rows, channels])
}
