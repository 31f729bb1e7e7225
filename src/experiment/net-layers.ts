import type { InputShape } from './input-shape.ts'
import type { Activation, Head } from './model-spec.ts'
import type { ResolvedConvolutional, ResolvedNet } from './resolve-net.ts'
import type { Objective } from './spec.ts'

/**
 * The layers of a net in order, with every size: what its weights are drawn by, what it computes by and what it is
 * estimated by. Shapes leave the batch out. Convolutions pad as TensorFlow's `same` does, to ⌈n/stride⌉ positions.
 */
export type Layer = Dense | Convolution | Reshape

interface Weighted {
  /** Of its tensors: encoder.0, …, predictor.0, … or decoder.0, … */
  readonly name: string
  readonly norm: 'none' | 'batch' | 'layer' // before the activation
  readonly activation: Activation
}

/** x ↦ φ(norm(x W + b)), W [from][to]. */
export interface Dense extends Weighted {
  readonly kind: 'dense'
  readonly from: number
  readonly to: number
}

/** The same with a convolution, or with the transpose of one. */
export interface Convolution extends Weighted {
  readonly kind: 'convolution' | 'transposed'
  readonly from: Image
  readonly to: Image
  readonly kernel: number
  readonly stride: number
  /** What is added after the norm: x itself, or x through a convolution of kernel 1 where its shape is another. */
  readonly skip: 'none' | 'identity' | 'projection'
}

/** What has no weights. */
export interface Reshape {
  readonly kind: 'flatten' | 'average' | 'unflatten'
  readonly from: InputShape
  readonly to: InputShape
}

export type Image = readonly [height: number, width: number, channels: number]

export interface NetLayers {
  readonly encoder: readonly Layer[]
  /** JEPA's predictor, from representation to representation, or MAE's decoder, from representation to y. */
  readonly head: readonly Layer[]
}

/** The layers of a net that fits the shape (`shapeFaults` of net-faults.ts). */
export function netLayers(model: ResolvedNet, shape: InputShape, objective: Objective): NetLayers {
  const encoder =
    model.kind === 'mlp' ? mlpEncoder(model, shape) : convolutionalEncoder(model, shape as Image)
  const name = objective === 'jepa' ? 'predictor' : 'decoder'
  const target = objective === 'jepa' ? [model.outputs] : shape
  const head =
    model.head.kind === 'transposed'
      ? transposedHead(model as ResolvedConvolutional, encoder)
      : [
          ...denseHead(name, model.head, model.activation, model.outputs, sizeOf(target)),
          ...unflatten(target),
        ]
  return { encoder, head }
}

/** How many numbers a shape holds. */
export function sizeOf(shape: InputShape): number {
  return shape.reduce((product, n) => product * n, 1)
}

function mlpEncoder(model: Extract<ResolvedNet, { kind: 'mlp' }>, shape: InputShape): Layer[] {
  const { depth, width, outputs, activation, norm } = model
  const hidden = Array.from({ length: depth }, (_, a): Layer => {
    const from = a === 0 ? sizeOf(shape) : width
    return { kind: 'dense', name: `encoder.${a}`, from, to: width, norm, activation }
  })
  return [...flatten(shape), ...hidden, plain(`encoder.${depth}`, width, outputs)]
}

function convolutionalEncoder(model: ResolvedConvolutional, shape: Image): Layer[] {
  const { channels, kernel, stride, activation, norm, residual, pooling, outputs } = model
  let from = shape
  const convolutions = channels.map((count, a): Convolution => {
    const to: Image = [Math.ceil(from[0] / stride), Math.ceil(from[1] / stride), count]
    const skip = !residual ? 'none' : `${from}` === `${to}` ? 'identity' : 'projection'
    const layer = {
      kind: 'convolution',
      name: `encoder.${a}`,
      from,
      to,
      kernel,
      stride,
      norm,
      activation,
      skip,
    } as const
    from = to
    return layer
  })
  const pooled = pooling === 'average' ? [from[2]] : [sizeOf(from)]
  const gather: Reshape = { kind: pooling === 'average' ? 'average' : 'flatten', from, to: pooled }
  return [...convolutions, gather, plain(`encoder.${channels.length}`, pooled[0]!, outputs)]
}

function denseHead(name: string, head: Head, activation: Activation, from: number, to: number): Layer[] {
  if (head.kind !== 'mlp') return [plain(`${name}.0`, from, to)]
  const { depth, width } = head
  const hidden = Array.from({ length: depth }, (_, a): Layer => {
    return {
      kind: 'dense',
      name: `${name}.${a}`,
      from: a === 0 ? from : width,
      to: width,
      norm: 'none',
      activation,
    }
  })
  return [...hidden, plain(`${name}.${depth}`, width, to)]
}

/** The encoder's convolutions backwards, behind a layer that fills the smallest image. */
function transposedHead({ outputs, activation }: ResolvedConvolutional, encoder: readonly Layer[]): Layer[] {
  const backwards = encoder.flatMap((layer) => (layer.kind === 'convolution' ? [layer] : [])).reverse()
  const smallest = backwards[0]!.to
  const first = { ...plain('decoder.0', outputs, sizeOf(smallest)), activation }
  const layers = backwards.map(({ from, to, kernel, stride }, a): Layer => {
    const isLast = a === backwards.length - 1
    const name = `decoder.${a + 1}`
    const plainly = { norm: 'none', skip: 'none', activation: isLast ? 'linear' : activation } as const
    return { kind: 'transposed', name, from: to, to: from, kernel, stride, ...plainly }
  })
  return [first, ...unflatten(smallest), ...layers]
}

const plain = (name: string, from: number, to: number): Dense => ({
  ...{ kind: 'dense', name, from, to, norm: 'none', activation: 'linear' },
})

function flatten(from: InputShape): Reshape[] {
  return from.length === 1 ? [] : [{ kind: 'flatten', from, to: [sizeOf(from)] }]
}

function unflatten(to: InputShape): Reshape[] {
  return to.length === 1 ? [] : [{ kind: 'unflatten', from: [sizeOf(to)], to }]
}
