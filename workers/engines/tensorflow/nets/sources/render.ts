import type { Generator, NonlinearSpec } from '../../../../../src/data/nonlinear/generator.ts'
import { SLOTS } from '../../../../../src/data/nonlinear/scene.ts'
import type { NamedTensors } from '../../../../../src/experiment/matrix.ts'
import { steadily } from '../../../../models/steadily.ts'
import { scenes } from '../../kernels/scene.ts'
import type { Tensor, Tensors, Tfjs } from '../../tensors.ts'
import { arrayOf, perSample, product } from './source.ts'

/** g of each row of latents, [R][rows][latents] → [R][rows][d]: what generators of src/data/nonlinear render in JavaScript. */
export interface DeviceRenderer {
  /** All that decides how it renders, but its arrays. */
  readonly key: string
  readonly arrays: NamedTensors
  /** @param arrays [R][…], or [1][…] where they are the same for all runs */
  render(tf: Tfjs, arrays: Tensors, latents: Tensor): Tensor
}

export function rendererOf(data: NonlinearSpec, { parameters }: Generator): DeviceRenderer {
  const found = Object.entries(parameters).map(([name, { shape, data: numbers }]) => {
    return [name, arrayOf(shape, numbers)] as const
  })
  if (data.family === 'factors') return { ...sceneRenderer(data), arrays: Object.fromEntries(found) }
  if (data.family === 'mixing') {
    const turned = found.map(([name, { shape, data: numbers }]) => {
      return [name, transposed(shape as [number, number], numbers)] as const
    })
    return { ...mixingRenderer(data.slope), arrays: Object.fromEntries(turned) }
  }
  return { ...treeRenderer(data), arrays: Object.fromEntries(found) }
}

type Rendering = Omit<DeviceRenderer, 'arrays'>

const SLOPE = 0.2

function transposed([rows, cols]: readonly [number, number], data: Float32Array) {
  return arrayOf(
    [cols, rows],
    data.map((_, at) => data[(at % rows) * cols + Math.floor(at / rows)]!),
  )
}

/** Q_K φ(Q_{K−1} … φ(Q_1 z)), of the transposed matrices. */
function mixingRenderer(slope = SLOPE): Rendering {
  return {
    key: `${slope}`,
    render: (tf, arrays, latents) =>
      Object.keys(arrays).reduce((h, _, a) => {
        const seen = a === 0 ? h : tf.leakyRelu(h, slope)
        return product(tf, seen, arrays[`Q${a + 1}`]!)
      }, latents),
  }
}

/** The states of a level's nodes from those of their parents and their own latents. */
function treeRenderer({
  lambda,
  branching: b = 2,
  channels: w = 4,
  slope = SLOPE,
}: Extract<NonlinearSpec, { family: 'hierarchical' }>): Rendering {
  return {
    key: JSON.stringify([lambda.length, b, w, slope]),
    render(tf, arrays, latents) {
      const [runs, rows] = latents.shape as [number, number]
      let h: Tensor | null = null
      let offset = 0
      for (const l of lambda.keys()) {
        const nodes = b ** l
        const own = tf.reshape(tf.slice(latents, [0, 0, offset], [runs, rows, nodes]), [runs, -1, 1])
        const entering = tf.mul(own, perSample(tf, arrays[`v${l}`]!))
        const teacher = arrays[`T${l}`]
        const below: Tensor | null = h && product(tf, h, tf.reshape(teacher!, [-1, w, b * w]))
        h = tf.leakyRelu(
          below === null ? entering : tf.add(tf.reshape(below, [runs, rows * nodes, w]), entering),
          slope,
        )
        offset += nodes
      }
      return tf.reshape(h!, [runs, rows, -1])
    },
  }
}

const PHASE = SLOTS.indexOf('texture-phase')

/** Scenes of src/data/nonlinear/scene.ts. Runs share all arrays but `centre` and `unit`. */
function sceneRenderer({
  size = 16,
  channels = 1,
  factors,
}: Extract<NonlinearSpec, { family: 'factors' }>): Rendering {
  return {
    key: JSON.stringify([size, channels, factors]),
    render(tf, { centre, slots, unit, sine, cosine }, latents) {
      const [runs, rows] = latents.shape as [number, number]
      const places = tf.oneHot(tf.cast(slots!, 'int32') as never, SLOTS.length, 1, 0, 'float32')
      const placed = product(tf, tf.mul(latents, perSample(tf, unit!)), places)
      const values = tf.add(placed, perSample(tf, centre!)) // [R][rows][SLOTS]
      const phase = tf.mul(tf.slice(values, [0, 0, PHASE], [runs, rows, 1]), 2 * Math.PI)
      const [cosines, sines] = [tf.cos, tf.sin].map((f) =>
        tf.reshape(
          steadily(tf, phase, (x) => f(x)),
          [-1],
        ),
      )
      const all = {
        values: tf.reshape(values, [runs * rows, SLOTS.length]),
        cosines: cosines!,
        sines: sines!,
      }
      const drawn = scenes(tf, { size, channels, sine: sine!, cosine: cosine! }, all)
      return tf.reshape(drawn, [runs, rows, size * size * channels])
    },
  }
}
