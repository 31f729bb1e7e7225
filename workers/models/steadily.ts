import type { Tensor, Tfjs } from '../engines/tensorflow/tensors.ts'

/** Numbers that a CPU takes at once, at most. */
const LANES = 16

/**
 * f of each entry, [R][…], for an f whose last bits differ between entries that TensorFlow takes many at once and the last ones of an
 * array, which it takes one by one (exp, sin, cos): each run's entries are filled up, so that they have the same bits for every R.
 */
export function steadily(tf: Tfjs, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const runs = x.shape[0]!
  const size = x.size / runs
  const missing = (LANES - (size % LANES)) % LANES
  if (missing === 0) return f(x)
  const filled = tf.pad(tf.reshape(x, [runs, size]), [
    [0, 0],
    [0, missing],
  ])
  return tf.reshape(tf.slice(f(filled), [0, 0], [runs, size]), x.shape)
}
