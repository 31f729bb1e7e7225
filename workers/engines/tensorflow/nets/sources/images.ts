import type { KnownImages } from '../../../../../src/data/problem.ts'
import { type HeldOutImages, imagesHeldOut } from '../../../held-out.ts'
import type { Tensor, Tfjs } from '../../tensors.ts'
import type { Draws } from './draws.ts'
import { deviceStage } from './image-stages.ts'
import { arrayOf, type DeviceSource, DRAWS } from './source.ts'

/** Views of images that lie in TensorFlow, chosen uniformly with replacement from those that are not held out. */
export function imageSource(images: KnownImages): DeviceSource {
  const { count, pixels, lag } = images
  const stages = images.stages.map((stage, s) => deviceStage(stage, s))
  const own = Object.assign({}, ...stages.map(({ arrays }) => arrays))
  const held = imagesHeldOut(images)
  const firsts = images.firsts?.subarray(0, held.left)
  const hasGaps = firsts !== undefined && firsts.at(-1) !== firsts.length - 1
  return {
    key: JSON.stringify(['images', numberOf(pixels), lag, images.stages.map(({ spec }) => spec)]),
    arrays: {
      images: { shape: [count, pixels.length / count], data: pixels },
      ...(hasGaps ? { firsts: arrayOf([firsts.length], firsts) } : {}),
      ...own,
    },
    draw(tf, arrays, now, rows) {
      const number = chosen(tf, now, held, rows, arrays.firsts)
      const all = tf.squeeze(arrays.images!, [0])
      const those = (which: Tensor) => tf.gather(all, which as never) as Tensor
      const x = those(number)
      const y = lag === 0 ? x : those(tf.add(number, tf.scalar(lag, 'int32')))
      return stages.reduce((views, stage) => stage.see(tf, arrays, now, views), { x, y })
    },
  }
}

const numbers = new WeakMap<Float32Array, number>()
let known = 0

/** Of a set of images in this process: runs on the same set share it. */
function numberOf(pixels: Float32Array): number {
  const found = numbers.get(pixels) ?? known++
  numbers.set(pixels, found)
  return found
}

/** Numbers of images to make x of, int32 [R][rows]. */
function chosen(tf: Tfjs, now: Draws, held: HeldOutImages, rows: number, firsts: Tensor | undefined): Tensor {
  const place = now.integers([rows], held.left, DRAWS.choice)
  if (firsts !== undefined)
    return tf.cast(tf.gather(tf.squeeze(firsts, [0]), place as never), 'int32') as Tensor
  if (held.first > 0) return place // the first images are those that training has
  if (held.stride === 1) return tf.add(place, tf.scalar(held.count, 'int32')) // held out are the first
  // Held out are 0, s, 2s, …: behind each of them come s − 1 others.
  const passed = tf.add(tf.floorDiv(place, tf.scalar(held.stride - 1, 'int32')), tf.scalar(1, 'int32'))
  return tf.add(place, tf.minimum(passed, tf.scalar(held.count, 'int32')))
}
