import { SLOTS } from '../../../../src/data/nonlinear/scene.ts'
import { ATTRIBUTE, backendOf } from '../recorder/binding.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/** What images of one size are drawn of. */
export interface Canvas {
  readonly size: number // pixels a side
  readonly channels: number // 1 or 3
  /** The grating at phase 0, [size · size] numbers in any shape. */
  readonly sine: Tensor
  readonly cosine: Tensor
}

/** N images. */
export interface Scenes {
  readonly values: Tensor // of factors, [N][SLOTS]
  readonly cosines: Tensor // of the phases of gratings, [N]
  readonly sines: Tensor
}

/** Renders scenes as src/data/nonlinear/scene.ts has them, [N][size · size · channels]; no gradient passes. */
export function scenes(tf: Tfjs, canvas: Canvas, { values, cosines, sines }: Scenes): Tensor {
  const { size, channels, sine, cosine } = canvas
  if (!hasKernels(tf)) return composed(tf, canvas, { values, cosines, sines })
  const attributes = [
    { name: 'size', type: ATTRIBUTE.int, value: size },
    { name: 'channels', type: ATTRIBUTE.int, value: channels },
  ]
  return backendOf(tf).executeSingleOutput('JepalabScene', attributes, [values, cosines, sines, sine, cosine])
}

/** One shape before a grating, in units of pixels. */
function composed(tf: Tfjs, { size, channels, sine, cosine }: Canvas, { values, cosines, sines }: Scenes) {
  const each = (numbers: Tensor) => tf.reshape(numbers, [-1, 1, 1, 1])
  const columns = tf.unstack(values, 1)
  const of = (slot: (typeof SLOTS)[number]) => each(columns[SLOTS.indexOf(slot)]!)
  const image = (grid: Tensor) => tf.reshape(grid, [1, size, size, 1])
  const waves = tf.add(tf.mul(each(cosines), image(sine)), tf.mul(each(sines), image(cosine)))
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
  return tf.reshape(tf.add(behind, tf.mul(cover, ahead)), [-1, size * size * channels]) as Tensor
}
