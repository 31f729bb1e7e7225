import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import type { Draws } from './draws.ts'
import { arrayOf, DRAWS, perSample } from './source.ts'

/** Latents of both views of a batch, z above z', [R][2 rows][latents]; laws of src/data/nonlinear/latent-law.ts. */
export interface DeviceLatents {
  readonly arrays: NamedTensors
  draw(tf: Tfjs, arrays: Tensors, now: Draws, rows: number): Tensor
}

/** z = √λ s + √(σ² − λ) n,  z' = √λ s + √(σ² − λ) n'. */
export function gaussianLatents(lambda: readonly number[], rho: readonly number[]): DeviceLatents {
  const m = lambda.length
  const own = lambda.map((l, i) => Math.sqrt(l * Math.max(0, 1 / rho[i]! - 1)))
  return {
    arrays: { shared: arrayOf([m], lambda.map(Math.sqrt)), own: arrayOf([m], own) },
    draw(tf, arrays, now, rows) {
      const [s, n, other] = tf.unstack(now.normal([3, rows, m], DRAWS.latents), 1)
      const [shared, apart] = [perSample(tf, arrays.shared!), perSample(tf, arrays.own!)]
      const common = tf.mul(s!, shared)
      const views = [n!, other!].map((noise) => tf.add(common, tf.mul(noise, apart)))
      return tf.concat(views, 1)
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
      const [first, chance, other] = tf.unstack(now.uniform([3, rows, m], DRAWS.uniforms), 1)
      const next = tf.where(tf.less(chance!, perSample(tf, arrays.rho!)), first!, other!)
      return tf.mul(tf.sub(tf.concat([first!, next], 1), 0.5), perSample(tf, arrays.width!))
    },
  }
}
