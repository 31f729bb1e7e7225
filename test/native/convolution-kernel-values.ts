import { createHash } from 'node:crypto'
import type { InstructionSet } from '../../workers/engines/tensorflow/kernels/available.ts'
import { convolution, transposed } from '../../workers/engines/tensorflow/kernels/convolution.ts'
import type { Activation } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import type { Tensor, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'
import { numbers } from './net-kernel-values.ts'

/** A convolution, or with `isTransposed` the way from its maps to its images. */
export interface Windows {
  readonly runs: number
  readonly batch: number
  readonly image: readonly [height: number, width: number, channels: number]
  readonly kernel: readonly [height: number, width: number]
  readonly filters: number
  readonly stride: number
}

const windows = (
  [runs, batch]: readonly [number, number],
  image: Windows['image'],
  kernel: Windows['kernel'],
  filters: number,
  stride: number,
): Windows => ({ runs, batch, image, kernel, filters, stride })

/** One pixel, odd sides, strides beyond the kernel, channels in whole vectors, pieces and both; more images than a block has. */
export const WINDOWS: readonly Windows[] = [
  windows([1, 1], [1, 1, 1], [1, 1], 1, 1),
  windows([2, 3], [1, 1, 3], [3, 3], 5, 2),
  windows([1, 2], [5, 7, 1], [3, 3], 8, 2),
  windows([3, 5], [5, 7, 2], [1, 1], 3, 3),
  windows([2, 9], [7, 5, 8], [3, 3], 16, 1),
  windows([1, 17], [6, 6, 3], [5, 3], 24, 2),
  windows([2, 4], [9, 8, 16], [5, 5], 17, 3),
  windows([1, 3], [4, 9, 20], [2, 4], 70, 2),
  windows([1, 20], [14, 14, 8], [3, 3], 16, 2),
]

/** x, k, b and ∂loss/∂y. */
export function given(tf: Tfjs, shape: Windows, isTransposed: boolean, seed = 1): Tensor[] {
  const { runs, batch, kernel, filters, stride } = shape
  const [height, width, channels] = shape.image
  const image = [runs, batch, height, width, channels]
  const map = [runs, batch, Math.ceil(height / stride), Math.ceil(width / stride), filters]
  return [
    numbers(tf, isTransposed ? map : image, seed),
    numbers(tf, [runs, ...kernel, channels, filters], seed + 1),
    numbers(tf, [runs, isTransposed ? channels : filters], seed + 2),
    numbers(tf, isTransposed ? image : map, seed + 3),
  ]
}

/** The function of x, k and b. */
export function layerOf(tf: Tfjs, shape: Windows, isTransposed: boolean, activation: Activation) {
  const { stride } = shape
  const [height, width] = shape.image
  return (x: Tensor, k: Tensor, b: Tensor | null = null): Tensor =>
    isTransposed
      ? transposed(tf, x, k, b, { stride, to: [height, width], activation })
      : convolution(tf, x, k, b, { stride, activation })
}

/** What a layer gives, and its slopes along dy by x, k and b. */
export function convolvedAndSlopes(
  tf: Tfjs,
  shape: Windows,
  isTransposed: boolean,
  activation: Activation,
  [x, k, b, dy]: readonly Tensor[],
): Tensor[] {
  const layer = layerOf(tf, shape, isTransposed, activation)
  return [layer(x!, k!, b!), ...tf.grads(layer as never)([x!, k!, b!], dy!)]
}

/** What this process makes of all shapes: SHA-256 of the bits, and the numbers of some. */
export interface Values {
  readonly set: InstructionSet | null
  readonly bits: string
  readonly sample: readonly number[]
}

/** The shapes whose numbers are told. */
export const TOLD = [2, 3, 4]

export async function valuesBy(asked?: InstructionSet): Promise<Values> {
  const { tf, kernels } = await loadTensorFlow('cpu', asked)
  const hash = createHash('sha256')
  const sample: number[] = []
  for (const [index, shape] of WINDOWS.entries()) {
    for (const isTransposed of [false, true]) {
      for (const activation of ['linear', 'relu', 'tanh'] as const) {
        const operands = given(tf, shape, isTransposed)
        for (const tensor of convolvedAndSlopes(tf, shape, isTransposed, activation, operands)) {
          const values = tensor.dataSync() as Float32Array
          hash.update(values)
          if (TOLD.includes(index)) sample.push(...values)
        }
      }
    }
  }
  return { set: kernels.instructionSet, bits: hash.digest('hex'), sample }
}

// As a process of its own, for a process has one build: the instruction set is the argument.
if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1)!)) {
  console.log(JSON.stringify(await valuesBy(process.argv[2] as InstructionSet)))
}
