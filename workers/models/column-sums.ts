import { dense } from '../engines/tensorflow/kernels/dense.ts'
import type { Tensor, Tfjs } from '../engines/tensorflow/tensors.ts'

/**
 * Σ over rows, [R][…][C] → [R][C], differentiable. As a product with a row of ones: each sum is one chain over ascending rows, whatever R
 * is, where TensorFlow's own sum takes some columns four rows at a time and others one by one, by their place in the whole array.
 */
export function columnSums(tf: Tfjs, x: Tensor): Tensor {
  const apply = tf.customGrad((...given: unknown[]) => {
    const at = given[0] as Tensor
    const { shape } = at
    const copies = shape.map((n, axis) => (axis === 0 || axis === shape.length - 1 ? 1 : n))
    return { value: sums(tf, at), gradFunc: (dy: Tensor) => tf.tile(perRow(tf, dy, shape), copies) }
  })
  return apply(x)
}

/** x less the mean of its column, [R][rows][C]. */
export function centred(tf: Tfjs, x: Tensor): Tensor {
  const less = (at: Tensor) => tf.sub(at, perRow(tf, columnMeans(tf, at), at.shape))
  const apply = tf.customGrad((...given: unknown[]) => ({
    value: less(given[0] as Tensor),
    gradFunc: (dy: Tensor) => less(dy),
  }))
  return apply(x)
}

/** Σ/n over rows, [R][…][C] → [R][C]; no gradient passes. */
export function columnMeans(tf: Tfjs, x: Tensor): Tensor {
  const [runs, columns] = ends(x.shape)
  return tf.mul(sums(tf, x), (runs * columns) / x.size)
}

/** Numbers of columns, [R][C], in a shape that goes with [R][…][C]. */
export function perRow(tf: Tfjs, columns: Tensor, shape: readonly number[]): Tensor {
  const last = shape.length - 1
  return tf.reshape(
    columns,
    shape.map((n, axis) => (axis === 0 || axis === last ? n : 1)),
  )
}

function sums(tf: Tfjs, x: Tensor): Tensor {
  const [runs, columns] = ends(x.shape)
  const rows = x.size / (runs * columns)
  const flat = tf.reshape(x, [runs, rows, columns])
  return tf.reshape(dense(tf, tf.ones([runs, 1, rows]), flat, null, 'linear'), [runs, columns])
}

const ends = (shape: readonly number[]) => [shape[0]!, shape.at(-1)!] as const
