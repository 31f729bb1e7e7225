import { createHash } from 'node:crypto'
import type { InstructionSet } from '../../workers/engines/tensorflow/kernels/available.ts'
import { type Activation, dense } from '../../workers/engines/tensorflow/kernels/dense.ts'
import { drawn } from '../../workers/engines/tensorflow/kernels/draw.ts'
import { scenes } from '../../workers/engines/tensorflow/kernels/scene.ts'
import { adamUpdate, sgdUpdate, type WeightAfter } from '../../workers/engines/tensorflow/kernels/update.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import type { Tensor, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'

/** [R, B, I, O] of dense layers: whole vectors and pieces, one block of depth and several, more rows than an item has. */
export const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 1],
  [2, 3, 17, 1],
  [1, 5, 3, 65],
  [3, 64, 32, 48],
  [1, 65, 130, 17],
  [2, 100, 300, 81],
  [1, 128, 256, 64],
]
export const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'tanh']

/** Numbers in (−1, 1) that look like chance and are the same everywhere. */
export function numbers(tf: Tfjs, shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, one) => product * one, 1)
  let word = seed * 2654435761
  const next = () => {
    word = (Math.imul(word, 1664525) + 1013904223) | 0
    return word / 2 ** 31
  }
  return tf.tensor(Float32Array.from({ length: size }, next), [...shape])
}

/** A layer's operands. */
export function operands(tf: Tfjs, [runs, batch, from, to]: readonly number[], seed = 1): Tensor[] {
  const [r, b, i, o] = [runs!, batch!, from!, to!]
  return [
    numbers(tf, [r, b, i], seed),
    numbers(tf, [r, i, o], seed + 1),
    numbers(tf, [r, o], seed + 2),
    numbers(tf, [r, b, o], seed + 3),
  ]
}

/** What a layer gives for x, w, b, and its slopes along dy. */
export function layerAndSlopes(tf: Tfjs, [x, w, b, dy]: readonly Tensor[], activation: Activation): Tensor[] {
  const layer = (x: Tensor, w: Tensor, b: Tensor) => dense(tf, x, w, b, activation)
  const slopes = tf.grads(layer as never)([x!, w!, b!], dy!)
  return [layer(x!, w!, b!), ...slopes]
}

/** What a process with one build of the kernels, or without any, computed. */
export interface Digest {
  readonly set: InstructionSet | null
  /** SHA-256 over the bits of all results. */
  readonly bits: string
  /** The sum of the sizes of each result's numbers. */
  readonly sums: readonly number[]
}

async function digest(asked: InstructionSet): Promise<Digest> {
  const { tf, kernels } = await loadTensorFlow('cpu', asked)
  const hash = createHash('sha256')
  const sums: number[] = []
  const add = (tensors: readonly (Tensor | null)[]) => {
    for (const tensor of tensors) {
      const values = tensor === null ? new Float32Array() : (tensor.dataSync() as Float32Array)
      hash.update(values)
      sums.push(values.reduce((sum, value) => sum + Math.abs(value), 0))
    }
  }
  const addAfter = ({ weight, momentum, square, lost }: WeightAfter) => add([weight, momentum, square, lost])
  for (const shape of SHAPES) {
    const given = operands(tf, shape)
    for (const activation of ACTIVATIONS) add(layerAndSlopes(tf, given, activation))
    const [weight, gradient, momentum, lost] = [11, 12, 13, 14].map((seed) => numbers(tf, shape, seed))
    const rates = numbers(tf, [shape[0]], 15)
    const before = { weight: weight!, gradient: gradient!, rates, momentum: momentum!, lost: lost! }
    addAfter(sgdUpdate(tf, { momentum: 0.9, decay: 0.01 }, before))
    const square = tf.square(gradient!) as Tensor
    const corrections = [tf.scalar(1.5), tf.scalar(3)] as const
    const rule = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.01, isDecoupled: true }
    addAfter(adamUpdate(tf, rule, { ...before, square, corrections }))
  }
  const key = { seeds: tf.tensor2d([3, 1, 4, 1], [2, 2], 'int32'), step: tf.scalar(7, 'int32'), stream: 2 }
  // Bits alone: without the kernels draws are others.
  for (const law of ['normal', 'uniform'] as const)
    hash.update(drawn(tf, law, key, [5, 67]).dataSync() as Float32Array)
  for (const channels of [1, 3]) {
    const [sine, cosine] = [51, 52].map((seed) => numbers(tf, [49], seed)) as [Tensor, Tensor]
    const [cosines, sines] = [53, 54].map((seed) => numbers(tf, [6], seed)) as [Tensor, Tensor]
    const of = { values: numbers(tf, [6, 9], 55), cosines, sines }
    add([scenes(tf, { size: 7, channels, sine, cosine }, of)])
  }
  return { set: kernels.instructionSet, bits: hash.digest('hex'), sums }
}

// As a process of its own, for a process has one build: the instruction set is the argument; `none` for none.
if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1)!)) {
  console.log(JSON.stringify(await digest(process.argv[2] as InstructionSet)))
}
