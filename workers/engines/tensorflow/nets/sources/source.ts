import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import { dense } from '../../kernels/dense.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import type { Draws } from './draws.ts'

/** Two views of the batches of R runs, [R][rows][d] each. */
export interface Views {
  readonly x: Tensor
  readonly y: Tensor
}

/**
 * A law of views that a step draws from in TensorFlow itself: the batch of a step is a function of (seed, step), as everywhere, but
 * not that of the problem's sampler, which draws in JavaScript by numbers of its own.
 */
export interface DeviceSource {
  /** All that decides how it draws, but its arrays: runs whose sources have the same key and shapes of arrays draw by one step. */
  readonly key: string
  /** What it draws with; these stay in TensorFlow for the whole run. */
  readonly arrays: NamedTensors
  /** @param arrays [R][…], or [1][…] where they are the same for all runs */
  draw(tf: Tfjs, arrays: Tensors, now: Draws, rows: number): Views
}

/** Streams of draws of one step (recorder/moment.ts). */
export const DRAWS = { latents: 0, noise: 1, uniforms: 2, choice: 3, other: 4 } as const

/** Numbers of float64 as a tensor. */
export function arrayOf(shape: readonly number[], data: ArrayLike<number>): NamedTensors[string] {
  return { shape, data: Float32Array.from(data) }
}

/** The first rows of each run and the others: both views lie in one batch, [R][2 rows][d]. */
export function halved(tf: Tfjs, both: Tensor): Views {
  const [x, y] = tf.split(both, 2, 1)
  return { x: x!, y: y! }
}

/** x A of each run, [R][rows][n] · [R or 1][n][m]. */
export function product(tf: Tfjs, x: Tensor, A: Tensor): Tensor {
  const [runs, rows, n] = x.shape as [number, number, number]
  if (A.shape[0] === runs) return dense(tf, x, A, null, 'linear')
  const flat = dense(tf, tf.reshape(x, [1, runs * rows, n]), A, null, 'linear')
  return tf.reshape(flat, [runs, rows, -1])
}

/** Arrays of each run, [R or 1][…shape], in a shape that goes with [R][rows][…shape]. */
export function perSample(tf: Tfjs, array: Tensor): Tensor {
  const [runs, ...shape] = array.shape
  return tf.reshape(array, [runs!, 1, ...shape])
}
