import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import type { Moment } from '../../recorder/moment.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import { arrayOf, DRAWS } from './source.ts'

/** Latents of both views of a batch, z above z', [2 rows][latents]; laws of src/data/nonlinear/latent-law.ts. */
export interface DeviceLatents {
  readonly arrays: NamedTensors
  draw(tf: Tfjs, arrays: Tensors, now: Moment, rows: number): Tensor
}

/** z = √λ s + √(σ² − λ) n,  z' = √λ s + √(σ² − λ) n'. */
export function gaussianLatents(lambda: readonly number[], rho: readonly number[]): DeviceLatents {
  const m = lambda.length
  const own = lambda.map((l, i) => Math.sqrt(l * Math.max(0, 1 / rho[i]! - 1)))
  return {
    arrays: { shared: arrayOf([m], lambda.map(Math.sqrt)), own: arrayOf([m], own) },
    draw(tf, arrays, now, rows) {
      const [s, n, other] = tf.unstack(now.normal([3, rows, m], DRAWS.latents))
      const common = tf.mul(s!, arrays.shared!)
      return tf.concat([tf.add(common, tf.mul(n!, arrays.own!)), tf.add(common, tf.mul(other!, arrays.own!))])
    },
  }
}

/** z uniform of variance σ²; z' = z with probability ρ, else another draw. */
export function redrawnLatents(lambda: readonly number[], rho: readonly number[]): DeviceLatents {
  const m = lambda.length
  const width = lambda.map((l, i) => Math.sqrt((12 * l) / rho[i]!))
  return {
    arrays: { width: arrayOf([m], width), rho: arrayOf([m], rho) },
    draw(tf, arrays, now, rows) {
      const [first, chance, other] = tf.unstack(now.uniform([3, rows, m], DRAWS.uniforms))
      const next = tf.where(tf.less(chance!, arrays.rho!), first!, other!)
      return tf.mul(tf.sub(tf.concat([first!, next]), 0.5), arrays.width!)
    },
  }
}
