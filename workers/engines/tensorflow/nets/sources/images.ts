import { noiseVariances, windows } from '../../../../../src/data/images/views.ts'
import type { KnownImages } from '../../../../../src/data/problem.ts'
import type { DataOfKind } from '../../../../../src/experiment/data-spec.ts'
import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import { heldOutImageNumbers } from '../../../held-out.ts'
import type { Moment } from '../../recorder/moment.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import { arrayOf, type DeviceSource, DRAWS, type Views } from './source.ts'

type ImageViews = DataOfKind<'images'>['views']

/** Two views of each image z of a batch, [rows][pixels]. */
interface DeviceViews {
  readonly arrays: NamedTensors
  see(tf: Tfjs, arrays: Tensors, now: Moment, z: Tensor): Views
}

/**
 * Views of images that lie in TensorFlow, chosen uniformly with replacement from those that are not held out; null for noise of
 * the images' own shape, which is drawn in JavaScript.
 */
export function imageSource(views: ImageViews, { count, pixels }: KnownImages): DeviceSource | null {
  const size = pixels.length / count
  const seen = viewsOf(views, size)
  if (seen === null) return null
  const held = heldOutImageNumbers(count)
  return {
    arrays: { images: { shape: [count, size], data: pixels }, ...seen.arrays },
    draw(tf, arrays, now, rows) {
      const place = now.integers([rows], count - held.count, DRAWS.choice)
      // Held out are 0, s, 2s, …: behind each of them come s − 1 others.
      const passed = tf.add(tf.floorDiv(place, tf.scalar(held.stride - 1, 'int32')), tf.scalar(1, 'int32'))
      const number = tf.add(place, tf.minimum(passed, tf.scalar(held.count, 'int32')))
      return seen.see(tf, arrays, now, tf.gather(arrays.images!, number as never))
    },
  }
}

function viewsOf(views: ImageViews, size: number): DeviceViews | null {
  if (views.kind === 'pixel-mask') return maskedViews(views.keep, views.target ?? 'independent')
  if (views.kind === 'crop') return croppedViews(views.size, Math.sqrt(size))
  if (views.power) return null
  const isClean = views.target === 'clean'
  return {
    arrays: { deviation: arrayOf([size], noiseVariances(views, size).map(Math.sqrt)) },
    see(tf, { deviation }, now, z) {
      const noisy = (stream: number) => tf.add(z, tf.mul(now.normal(z.shape, stream), deviation!))
      return { x: noisy(DRAWS.noise), y: isClean ? z : noisy(DRAWS.other) }
    },
  }
}

/** As src/data/kinds/pixel-mask.ts has them. */
function maskedViews(keep: number, target: 'independent' | 'complement' | 'full'): DeviceViews {
  return {
    arrays: {},
    see(tf, _, now, z) {
      const mask = (stream: number) => tf.cast(tf.less(now.uniform(z.shape, stream), keep), 'float32')
      const shown = mask(DRAWS.uniforms)
      const x = tf.mul(z, shown)
      if (target === 'full') return { x, y: z }
      return { x, y: tf.mul(z, target === 'complement' ? tf.sub(1, shown) : mask(DRAWS.other)) }
    },
  }
}

/** Two windows at places of their own. */
function croppedViews(size: number, side: number): DeviceViews {
  const places = windows(side, size)
  return {
    arrays: { windows: arrayOf([places.length, size ** 2], places.flat()) },
    see(tf, arrays, now, z) {
      const rows = z.shape[0]!
      const window = (stream: number) => {
        const place = now.integers([rows], places.length, stream)
        const pixels = tf.cast(tf.gather(arrays.windows!, place as never), 'int32')
        return tf.gather(z, pixels as never, 1, 1)
      }
      return { x: window(DRAWS.uniforms), y: window(DRAWS.other) }
    },
  }
}
