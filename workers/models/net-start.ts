import { normals } from '../../src/data/normal.ts'
import type { NamedTensor, NamedTensors } from '../../src/experiment/matrix.ts'
import type { Convolution, Dense, Layer, NetLayers } from '../../src/experiment/net-layers.ts'
import { LAYER_STREAM } from './initial-weights.ts'
import { orthonormal } from './orthonormal.ts'
import { root } from './root.ts'

/**
 * The weights that a net starts from, a function of its layers, the scale and the seed alone. L is the number of the encoder's layers
 * with weights, s = scale^(1/L); every kernel, the head's too, is s times the standard start of its activation φ:
 *
 * gaussian    entries N(0, g²/fan-in), g² = 2 where φ is relu or gelu (He et al. 2015) and 1 else (LeCun et al. 1998)
 * orthogonal  g times a matrix with orthonormal columns, or rows where there are more columns (Saxe et al. 2014)
 *
 * A convolution's matrix is [kernel · kernel · channels before][channels]; each position after a transposed one is reached by a
 * kernel²/stride² of it. Biases are 0, gains 1.
 */
export function netStart(
  { encoder, head }: NetLayers,
  { kind, scale }: { readonly kind: 'gaussian' | 'orthogonal'; readonly scale: number },
  seed: number,
): NamedTensors {
  const s = root(scale, encoder.filter(hasWeights).length)
  const layers = [...encoder, ...head].filter(hasWeights)
  return Object.fromEntries(
    layers.flatMap((layer, index) => {
      const key = { seed, stream: LAYER_STREAM + 2 * index, step: 0 }
      return tensorsOf(layer, (shape, fanIn, gain, stream) => {
        const to = shape.at(-1)!
        const from = shape.reduce((product, n) => product * n, 1) / to
        const draws = normals(from * to, { ...key, stream: key.stream + stream })
        const start =
          kind === 'gaussian' ? draws.map((x) => x / Math.sqrt(fanIn)) : orthonormal(draws, from, to)
        return { shape, data: Float32Array.from(start, (x) => s * gain * x) }
      })
    }),
  )
}

type Draw = (shape: readonly number[], fanIn: number, gain: number, stream: number) => NamedTensor

function tensorsOf(layer: Dense | Convolution, draw: Draw): [string, NamedTensor][] {
  const { name, norm, activation } = layer
  const to = layer.kind === 'dense' ? layer.to : layer.to[2]
  const gain = activation === 'relu' || activation === 'gelu' ? Math.SQRT2 : 1
  const { shape, fanIn } = kernelOf(layer)
  const all = (value: number): NamedTensor => ({ shape: [to], data: new Float32Array(to).fill(value) })
  const tensors: [string, NamedTensor][] = [[`${name}.kernel`, draw(shape, fanIn, gain, 0)]]
  if (norm !== 'batch') tensors.push([`${name}.bias`, all(0)])
  if (norm !== 'none') tensors.push([`${name}.gain`, all(1)], [`${name}.shift`, all(0)])
  if ('skip' in layer && layer.skip === 'projection') {
    const from = layer.from[2]
    tensors.push([`${name}.skip`, draw([1, 1, from, to], from, 1, 1)])
  }
  return tensors
}

function kernelOf(layer: Dense | Convolution): { shape: readonly number[]; fanIn: number } {
  if (layer.kind === 'dense') return { shape: [layer.from, layer.to], fanIn: layer.from }
  const { kind, kernel, stride, from, to } = layer
  const [before, after] = [from[2], to[2]]
  if (kind === 'convolution') return { shape: [kernel, kernel, before, after], fanIn: kernel ** 2 * before }
  return { shape: [kernel, kernel, after, before], fanIn: Math.max(1, (kernel / stride) ** 2) * before }
}

/** Moving mean and variance of each batch norm, as they begin. */
export function movingMoments({ encoder, head }: NetLayers): NamedTensors {
  const normed = [...encoder, ...head].filter(hasWeights).filter(({ norm }) => norm === 'batch')
  return Object.fromEntries(
    normed.flatMap((layer) => {
      const channels = layer.kind === 'dense' ? layer.to : layer.to[2]
      const all = (value: number) => ({ shape: [channels], data: new Float32Array(channels).fill(value) })
      return [
        [`${layer.name}.mean`, all(0)],
        [`${layer.name}.variance`, all(1)],
      ] as const
    }),
  )
}

function hasWeights(layer: Layer): layer is Dense | Convolution {
  return layer.kind === 'dense' || layer.kind === 'convolution' || layer.kind === 'transposed'
}
