import { type BlockShape, blockShapes, blocksOf } from '../../../../../src/data/images/stages/block-mask.ts'
import { windows } from '../../../../../src/data/images/stages/crop.ts'
import { mirrored } from '../../../../../src/data/images/stages/flip.ts'
import type { OpenStage } from '../../../../../src/data/images/stages/stage.ts'
import { transpose } from '../../../../../src/data/linear-algebra.ts'
import { entriesOf } from '../../../../../src/experiment/image-shape.ts'
import type { StageOfKind } from '../../../../../src/experiment/image-spec.ts'
import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import type { Draws } from './draws.ts'
import { arrayOf, DRAWS, product, type Views } from './source.ts'

/** A stage of src/data/images/stages in TensorFlow: two views, [R][rows][entries] each, from two others. Runs share its arrays. */
export interface DeviceStage {
  /** Under names that no other stage has. */
  readonly arrays: NamedTensors
  see(tf: Tfjs, arrays: Tensors, now: Draws, views: Views): Views
}

/** What one stage does, with arrays and streams of draws of its own. */
interface Law {
  readonly arrays?: NamedTensors
  see(tf: Tfjs, arrays: Tensors, draws: OwnDraws, views: Views): Views
}

interface OwnDraws {
  readonly now: Draws
  stream(name: keyof typeof DRAWS): number
}

const STREAMS_OF_STAGE = 8

/** @param s the number of the stage, from 0 */
export function deviceStage(stage: OpenStage, s: number): DeviceStage {
  const { arrays = {}, see } = lawOf(stage)
  const named = Object.entries(arrays).map(([name, array]) => [`stage${s}.${name}`, array] as const)
  const stream = (name: keyof typeof DRAWS) => DRAWS[name] + s * STREAMS_OF_STAGE
  return {
    arrays: Object.fromEntries(named),
    see(tf, given, now, views) {
      const own = Object.keys(arrays).map(
        (name) => [name, tf.squeeze(given[`stage${s}.${name}`]!, [0])] as const,
      )
      return see(tf, Object.fromEntries(own), { now, stream }, views)
    },
  }
}

function lawOf(stage: OpenStage): Law {
  const { spec, shape } = stage
  switch (spec.kind) {
    case 'noise':
      return noisy(stage, spec)
    case 'pixel-mask':
      return masked(spec, shape.channels)
    case 'block-mask':
      return blocked(stage, spec)
    case 'crop':
      return cropped(windows(shape, spec.size))
    case 'flip':
      return flipped(mirrored(shape, spec.axis), spec.probability ?? 0.5)
  }
}

function noisy({ shape, noise }: OpenStage, { target }: StageOfKind<'noise'>): Law {
  const d = entriesOf(shape)
  const law = noise!()
  const isShaped = 'factor' in law
  return {
    arrays: isShaped
      ? { factor: arrayOf([d, d], transpose(law.factor).data) }
      : { deviation: arrayOf([d], law.deviations) },
    see(tf, arrays, { now, stream }, { x, y }) {
      const drawn = (name: 'noise' | 'other') => now.normal(x.shape.slice(1), stream(name))
      const shaped = (g: Tensor) =>
        isShaped ? product(tf, g, tf.expandDims(arrays.factor!)) : tf.mul(g, arrays.deviation!)
      const noisier = (z: Tensor, name: 'noise' | 'other') => tf.add(z, shaped(drawn(name)))
      return { x: noisier(x, 'noise'), y: target === 'clean' ? y : noisier(y, 'other') }
    },
  }
}

function masked({ keep, target = 'independent' }: StageOfKind<'pixel-mask'>, channels: number): Law {
  return {
    see(tf, _, { now, stream }, { x, y }) {
      const [, rows, d] = x.shape as [number, number, number]
      const pixels = [rows, d / channels]
      const mask = (name: 'uniforms' | 'other') => {
        const kept = tf.cast(tf.less(now.uniform(pixels, stream(name)), keep), 'float32') as Tensor
        if (channels === 1) return kept
        return tf.reshape(tf.tile(tf.expandDims(kept, 3), [1, 1, 1, channels]), x.shape) as Tensor
      }
      const shown = mask('uniforms')
      const hidden = tf.mul(x, shown)
      if (target === 'full') return { x: hidden, y }
      return { x: hidden, y: tf.mul(y, target === 'complement' ? tf.sub(1, shown) : mask('other')) }
    },
  }
}

function blocked({ shape }: OpenStage, spec: StageOfKind<'block-mask'>): Law {
  const { blocks: count = 4, target = 'blocks' } = spec
  const { context, blocks } = blockShapes(spec, shape.side)
  const table = (shapes: readonly BlockShape[]) => shapes.flatMap((block) => blocksOf(block, shape))
  const flat = (rows: readonly Float32Array[]) => {
    const d = entriesOf(shape)
    const data = new Float32Array(rows.length * d)
    for (const [r, row] of rows.entries()) data.set(row, r * d)
    return arrayOf([rows.length, d], data)
  }
  const contexts = table(context)
  const sizes = blocks.map((block) => blocksOf(block, shape).length)
  const starts = sizes.map((_, b) => sizes.slice(0, b).reduce((sum, size) => sum + size, 0))
  return {
    arrays: {
      context: flat(contexts),
      blocks: flat(table(blocks)),
      sizes: arrayOf([blocks.length], sizes),
      starts: arrayOf([blocks.length], starts),
    },
    see(tf, arrays, { now, stream }, { x, y }) {
      const rows = x.shape[1]!
      const among = now.integers([rows], contexts.length, stream('uniforms'))
      const which = now.integers([rows, count], blocks.length, stream('other'))
      const place = tf.mul(
        now.uniform([rows, count], stream('noise')),
        tf.gather(arrays.sizes!, which as never),
      )
      const number = tf.add(tf.floor(place), tf.gather(arrays.starts!, which as never))
      const covered = tf.max(tf.gather(arrays.blocks!, tf.cast(number, 'int32') as never), 2) as Tensor
      const shown = tf.mul(tf.gather(arrays.context!, among as never), tf.sub(1, covered))
      return { x: tf.mul(x, shown), y: target === 'full' ? y : tf.mul(y, covered) }
    },
  }
}

/** Two windows at places of their own. */
function cropped(places: readonly number[][]): Law {
  return {
    arrays: { windows: arrayOf([places.length, places[0]!.length], places.flat()) },
    see(tf, arrays, { now, stream }, { x, y }) {
      const window = (z: Tensor, name: 'uniforms' | 'other') => {
        const [runs, rows, d] = z.shape as [number, number, number]
        const place = tf.reshape(now.integers([rows], places.length, stream(name)), [-1])
        const entries = tf.cast(tf.gather(arrays.windows!, place as never), 'int32')
        const seen = tf.gather(tf.reshape(z, [runs * rows, d]), entries as never, 1, 1) as Tensor
        return tf.reshape(seen, [runs, rows, -1])
      }
      return { x: window(x, 'uniforms'), y: window(y, 'other') }
    },
  }
}

/** Each view mirrored or not by a draw of its own. */
function flipped(mirror: readonly number[], probability: number): Law {
  return {
    arrays: { mirror: arrayOf([mirror.length], mirror) },
    see(tf, arrays, { now, stream }, { x, y }) {
      const turned = (z: Tensor, name: 'uniforms' | 'other') => {
        const isTurned = tf.less(now.uniform([x.shape[1]!, 1], stream(name)), probability)
        return tf.where(
          isTurned as never,
          tf.gather(z, tf.cast(arrays.mirror!, 'int32') as never, 2),
          z,
        ) as Tensor
      }
      return { x: turned(x, 'uniforms'), y: turned(y, 'other') }
    },
  }
}
