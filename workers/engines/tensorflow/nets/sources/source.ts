import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import type { Moment } from '../../recorder/moment.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'

/** Two views of a batch, [rows][d] each. */
export interface Views {
  readonly x: Tensor
  readonly y: Tensor
}

/**
 * A law of views that a step draws from in TensorFlow itself: the batch of a step is a function of (seed, step), as everywhere, but
 * not that of the problem's sampler, which draws in JavaScript by numbers of its own.
 */
export interface DeviceSource {
  /** What it draws with; these stay in TensorFlow for the whole run. */
  readonly arrays: NamedTensors
  draw(tf: Tfjs, arrays: Tensors, now: Moment, rows: number): Views
}

/** Streams of draws of one step (recorder/moment.ts). */
export const DRAWS = { latents: 0, noise: 1, uniforms: 2, choice: 3, other: 4 } as const

/** Numbers of float64 as a tensor. */
export function arrayOf(shape: readonly number[], data: ArrayLike<number>): NamedTensors[string] {
  return { shape, data: Float32Array.from(data) }
}

/** The first rows and the others: both views lie in one batch. */
export function halved(tf: Tfjs, both: Tensor): Views {
  const [x, y] = tf.split(both, 2, 0)
  return { x: x!, y: y! }
}
