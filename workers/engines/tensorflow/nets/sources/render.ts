import type { Generator, NonlinearSpec } from '../../../../../src/data/nonlinear/generator.ts'
import { SLOTS } from '../../../../../src/data/nonlinear/scene.ts'
import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import { arrayOf } from './source.ts'

/** g of each row of latents, [rows][latents] → [rows][d]: what generators of src/data/nonlinear render in JavaScript. */
export interface DeviceRenderer {
  readonly arrays: NamedTensors
  render(tf: Tfjs, arrays: Tensors, latents: Tensor): Tensor
}

export function rendererOf(data: NonlinearSpec, { parameters }: Generator): DeviceRenderer {
  const arrays = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data: numbers }]) => [name, arrayOf(shape, numbers)]),
  )
  if (data.family === 'factors') return { arrays, render: sceneRenderer(data) }
  const slope = data.slope ?? SLOPE
  const render = data.family === 'mixing' ? mixingRenderer(slope) : treeRenderer(data, slope)
  return { arrays, render }
}

const SLOPE = 0.2

/** Q_K φ(Q_{K−1} … φ(Q_1 z)). */
function mixingRenderer(slope: number): DeviceRenderer['render'] {
  return (tf, arrays, latents) =>
    Object.keys(arrays).reduce((h, _, a) => {
      const seen = a === 0 ? h : tf.leakyRelu(h, slope)
      return tf.matMul(seen, arrays[`Q${a + 1}`]!, false, true)
    }, latents)
}

/** The states of a level's nodes from those of their parents and their own latents. */
function treeRenderer(
  { lambda, branching: b = 2, channels: w = 4 }: Extract<NonlinearSpec, { family: 'hierarchical' }>,
  slope: number,
): DeviceRenderer['render'] {
  return (tf, arrays, latents) => {
    const rows = latents.shape[0]!
    let h: Tensor | null = null
    let offset = 0
    for (const l of lambda.keys()) {
      const nodes = b ** l
      const own = tf.reshape(tf.slice(latents, [0, offset], [rows, nodes]), [rows * nodes, 1])
      const entering = tf.mul(own, arrays[`v${l}`]!)
      const below: Tensor | null = h && tf.matMul(h, tf.reshape(arrays[`T${l}`]!, [w, b * w]))
      h = tf.leakyRelu(
        below === null ? entering : tf.add(tf.reshape(below, [rows * nodes, w]), entering),
        slope,
      )
      offset += nodes
    }
    return tf.reshape(h!, [rows, -1])
  }
}

/** One shape before a grating (src/data/nonlinear/scene.ts), in units of pixels. */
function sceneRenderer({
  size = 16,
  channels = 1,
}: Extract<NonlinearSpec, { family: 'factors' }>): DeviceRenderer['render'] {
  return (tf, { centre, slots, unit, sine, cosine }, latents) => {
    const rows = latents.shape[0]!
    const placed = tf.matMul(
      tf.mul(latents, unit!),
      tf.oneHot(tf.cast(slots!, 'int32') as never, SLOTS.length),
    )
    const values = tf.unstack(tf.add(placed, centre!), 1)
    const of = (slot: (typeof SLOTS)[number]) => tf.reshape(values[SLOTS.indexOf(slot)]!, [rows, 1, 1, 1])
    const image = (grid: Tensor) => tf.reshape(grid, [1, size, size, 1])
    const turned = tf.mul(of('texture-phase'), 2 * Math.PI)
    const waves = tf.add(tf.mul(tf.cos(turned), image(sine!)), tf.mul(tf.sin(turned), image(cosine!)))
    const behind = tf.add(tf.mul(waves, of('texture-contrast')), of('background'))
    const pixels = tf.range(0.5, size, 1)
    const du = tf.abs(tf.sub(tf.reshape(pixels, [1, 1, size, 1]), tf.mul(of('position-x'), size)))
    const dv = tf.abs(tf.sub(tf.reshape(pixels, [1, size, 1, 1]), tf.mul(of('position-y'), size)))
    const round = tf.sqrt(tf.add(tf.square(du), tf.square(dv)))
    const shaped = tf.add(round, tf.mul(of('shape'), tf.sub(tf.maximum(du, dv), round)))
    const distance = tf.sub(shaped, tf.mul(of('size'), size))
    const cover = tf.clipByValue(tf.sub(0.5, distance), 0, 1)
    const tint = channels === 1 ? tf.scalar(0) : tf.mul(of('colour'), tf.tensor4d([1, 0, -1], [1, 1, 1, 3]))
    const ahead = tf.sub(tf.add(of('brightness'), tint), behind)
    return tf.reshape(tf.add(behind, tf.mul(cover, ahead)), [rows, size * size * channels])
  }
}
