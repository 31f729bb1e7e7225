import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Installation, readInstallation } from '../../src/experiment/installation.ts'
import { convolution, transposed } from '../../workers/engines/tensorflow/kernels/convolution.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { runEagerly } from '../../workers/engines/tensorflow/recorder/eager.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Variables } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Tensor, Tensors, Tfjs } from '../../workers/engines/tensorflow/tensors.ts'
import {
  convolvedAndSlopes,
  given,
  layerOf,
  type Values,
  valuesBy,
  WINDOWS,
  type Windows,
} from './convolution-kernel-values.ts'
import { ACTIVATIONS, numbers } from './net-kernel-values.ts'

const { kernels, tensorflow }: Installation = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off' && kernels !== null
const needs = { skip: isHere ? false : 'the net kernels are not here' }

type AnyRank = never // tfjs asks for ranks that its own results do not carry

const bits = (tensor: Tensor) => Buffer.from(Float32Array.from(tensor.dataSync()).buffer)
const load = async () => (await loadTensorFlow('cpu')).tf
const nameOf = (isTransposed: boolean) => (isTransposed ? 'a transposed convolution' : 'a convolution')

/** The same layer in tfjs's operations, run by run. */
function plain(tf: Tfjs, { image, stride }: Windows, isTransposed: boolean, x: Tensor, k: Tensor, b: Tensor) {
  const runs = Array.from({ length: x.shape[0]! }, (_, run) => {
    const of = (tensor: Tensor) => tf.squeeze(tf.slice(tensor, [run], [1]), [0]) as AnyRank
    const made = isTransposed
      ? tf.conv2dTranspose(of(x), of(k), [x.shape[1]!, ...image], stride, 'same')
      : tf.conv2d(of(x), of(k), stride, 'same')
    return tf.add(made, of(b))
  })
  return tf.stack(runs) as Tensor
}

/** The largest difference, as a share of the other's largest number. */
function apart(tf: Tfjs, one: Tensor, other: Tensor): number {
  assert.deepEqual(one.shape, other.shape)
  const largest = (tensor: Tensor) => tf.max(tf.abs(tensor)).dataSync()[0]!
  return largest(tf.sub(one, other)) / Math.max(1e-30, largest(other))
}

/** A process of its own, by a build or, for a name that no build has, by tfjs's operations. */
async function valuesElsewhere(set: string): Promise<Values> {
  const script = fileURLToPath(import.meta.url).replace(
    'convolution-kernels.test',
    'convolution-kernel-values',
  )
  const words = [...process.execArgv, script, set]
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 28 })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
}

describe('convolution kernels', needs, () => {
  for (const isTransposed of [false, true]) {
    for (const activation of ACTIVATIONS) {
      it(`${nameOf(isTransposed)} with ${activation} and its slopes are those of tfjs`, async () => {
        const tf = await load()
        for (const shape of WINDOWS) {
          const operands = given(tf, shape, isTransposed)
          const [x, k, b, dy] = operands as [Tensor, Tensor, Tensor, Tensor]
          const layer = (x: Tensor, k: Tensor, b: Tensor) => {
            const sums = plain(tf, shape, isTransposed, x, k, b)
            return activation === 'linear' ? sums : tf[activation](sums)
          }
          const theirs = [layer(x, k, b), ...tf.grads(layer as never)([x, k, b], dy)]
          const ours = convolvedAndSlopes(tf, shape, isTransposed, activation, operands)
          for (const [index, tensor] of ours.entries()) {
            const difference = apart(tf, tensor, theirs[index]!)
            const what = `${['y', 'dx', 'dk', 'db'][index]} of ${JSON.stringify(shape)}`
            assert.ok(difference < 1e-5, `${what} is ${difference} apart`) // rounding, in another order
          }
        }
      })
    }

    it(`slopes of ${nameOf(isTransposed)} are differences of itself`, async () => {
      const tf = await load()
      const shape: Windows = { runs: 2, batch: 2, image: [4, 5, 2], kernel: [3, 2], filters: 3, stride: 2 }
      const operands = given(tf, shape, isTransposed) as [Tensor, Tensor, Tensor, Tensor]
      const dy = operands[3].dataSync()
      const layer = layerOf(tf, shape, isTransposed, 'tanh')
      /** Σ dy · y in float64, of the operands with one number moved. */
      const weighed = (which: number, at: number, by: number) => {
        const [x, k, b] = operands.slice(0, 3).map((tensor, index) => {
          const values = Float32Array.from(tensor.dataSync())
          if (index === which) values[at]! += by
          return tf.tensor(values, tensor.shape)
        })
        const y = layer(x!, k!, b!).dataSync()
        return Array.from(y).reduce((sum, value, index) => sum + value * dy[index]!, 0)
      }
      const [, ...slopes] = convolvedAndSlopes(tf, shape, isTransposed, 'tanh', operands)
      for (const [which, slope] of slopes.entries()) {
        const told = slope.dataSync()
        for (let at = 0; at < told.length; at += 2) {
          const found = (weighed(which, at, 2 ** -6) - weighed(which, at, -(2 ** -6))) / 2 ** -5
          // The square of the step times third derivatives of twenty tanh at most, and rounding of y over the step.
          assert.ok(Math.abs(found - told[at]!) < 1e-3, `${which}, ${at}: ${told[at]} told, ${found} found`)
        }
      }
    })

    it(`a run of ${nameOf(isTransposed)} has the same bits alone and among seven`, async () => {
      const tf = await load()
      for (const shape of WINDOWS.slice(4)) {
        const operands = given(tf, { ...shape, runs: 7 }, isTransposed)
        for (const activation of ACTIVATIONS) {
          const together = convolvedAndSlopes(tf, shape, isTransposed, activation, operands)
          for (const run of [0, 3, 6]) {
            const own = operands.map((tensor) => tf.slice(tensor, [run], [1]))
            const alone = convolvedAndSlopes(tf, shape, isTransposed, activation, own)
            for (const [index, tensor] of alone.entries()) {
              const among = tf.slice(together[index]!, [run], [1])
              assert.deepEqual(bits(tensor), bits(among), `${activation} ${index} of ${run}`)
            }
          }
        }
      }
    })
  }

  it('a map is one chain of fused multiply-adds over rows, columns and channels of a window', async () => {
    const tf = await load()
    const x = numbers(tf, [1, 1, 6, 6, 5], 1)
    const k = numbers(tf, [1, 3, 3, 5, 11], 2)
    const [from, by] = [x.dataSync(), k.dataSync()]
    const y = convolution(tf, x, k, null, { stride: 2 }).dataSync() // [3][3][11], a zero row below and to the right
    for (const [row, column, f] of [
      [0, 0, 0],
      [1, 2, 7],
      [2, 2, 10],
    ] as const) {
      let sum = 0
      for (let tap = 0; tap < 45; tap++) {
        const [h, w, c] = [2 * row + Math.floor(tap / 15), 2 * column + (Math.floor(tap / 5) % 3), tap % 5]
        const pixel = h < 6 && w < 6 ? from[(h * 6 + w) * 5 + c]! : 0
        // A product of two floats is exact in float64 and the sum of both rounds once more: wrong by double rounding in 1 of 2²⁹.
        sum = Math.fround(pixel * by[tap * 11 + f]! + sum)
      }
      assert.equal(y[(row * 3 + column) * 11 + f], sum)
    }
  })

  it('all instruction sets have the same bits', async () => {
    const found = await Promise.all(kernels!.instructionSets.map(valuesElsewhere))
    assert.deepEqual(
      found.map(({ set }) => set),
      kernels!.instructionSets,
    )
    assert.equal(new Set(found.map((one) => one.bits)).size, 1)
    assert.equal(found[0]!.bits, (await valuesBy()).bits)
  })

  it('where they are not built the same is made of operations of tfjs', async () => {
    const [{ set, sample }, ours] = await Promise.all([valuesElsewhere('none'), valuesBy()])
    assert.equal(set, null)
    assert.equal(sample.length, ours.sample.length)
    for (const [index, value] of sample.entries()) {
      const difference = Math.abs(value - ours.sample[index]!)
      assert.ok(
        difference < 1e-5 * Math.max(10, Math.abs(value)),
        `${index}: ${value}, ours ${ours.sample[index]}`,
      )
    }
  })

  it('a NaN comes out of every window that sees it and of no other', async () => {
    const tf = await load()
    for (const activation of ACTIVATIONS) {
      const values = Float32Array.from(numbers(tf, [1, 2, 6, 6, 1], 1).dataSync())
      values[2 * 6 + 2] = Number.NaN // row and column 2 of the first image
      const x = tf.tensor(values, [1, 2, 6, 6, 1])
      const made = convolution(tf, x, numbers(tf, [1, 3, 3, 1, 8], 2), null, { stride: 2, activation })
      const places = tf.any(tf.isNaN(made), 4).dataSync() // windows begin at rows and columns 0, 2, 4
      assert.deepEqual([...places], [1, 1, 0, 1, 1, 0, 0, 0, 0, ...Array(9).fill(0)], activation)
    }
  })

  it('shapes that do not fit are refused by name', async () => {
    const tf = await load()
    const [x, k] = [numbers(tf, [2, 3, 6, 6, 4], 1), numbers(tf, [2, 3, 3, 4, 5], 2)]
    const stride = 2
    const shapes = /\[R\]\[B\]\[H\]\[W\]\[C\] with a filter/
    assert.throws(() => convolution(tf, x, numbers(tf, [2, 3, 3, 5, 4], 1), null, { stride }), shapes)
    assert.throws(() => convolution(tf, x, numbers(tf, [1, 3, 3, 4, 5], 1), null, { stride }), shapes)
    assert.throws(
      () => convolution(tf, x, k, numbers(tf, [2, 4], 1), { stride }),
      /the bias is no \[R\]\[F\]/,
    )
    const map = numbers(tf, [2, 3, 3, 3, 5], 3)
    assert.throws(() => transposed(tf, map, k, null, { stride, to: [8, 6] }), /none of a 8 × 6 image/)
    assert.throws(() => transposed(tf, x, k, null, { stride, to: [12, 12] }), /with a filter/)
    const side = 2 ** 26 // an image that TensorFlow has no shape for
    const [dot, row] = [tf.ones([1, 1, 1, 1, 1]) as Tensor, tf.ones([1, 1, 1, 8192, 1]) as Tensor]
    assert.throws(
      () => transposed(tf, dot, row, null, { stride: side, to: [side, side] }),
      /more than 67108864 numbers/,
    )
    assert.throws(() => convolution(tf, x, k, null, { stride: 0 }), /stride/)
    const [square, whole] = [numbers(tf, [1, 1, 3, 3, 1], 1), numbers(tf, [1, 3, 3, 1, 1], 2)]
    assert.deepEqual(
      convolution(tf, square, whole, null, { stride: 2 ** 31 - 1 }).dataSync(),
      convolution(tf, square, whole, null, { stride: 3 }).dataSync(),
    )
  })

  it('recorded steps have the bits of eager ones', async () => {
    const tf = await load()
    const start = {
      k: numbers(tf, [2, 3, 3, 1, 8], 1),
      b: numbers(tf, [2, 8], 2),
      up: numbers(tf, [2, 5, 5, 1, 8], 3),
    }
    const inputs = { x: numbers(tf, [2, 12, 9, 9, 1], 4), y: numbers(tf, [2, 12, 9, 9, 1], 5) }
    const step = (state: Variables<Tensors>, { x, y }: Tensors) => {
      const loss = () => {
        const map = convolution(tf, x!, state.k!, state.b!, { stride: 2, activation: 'relu' })
        const image = transposed(tf, map, state.up!, null, { stride: 2, to: [9, 9], activation: 'tanh' })
        return tf.mean(tf.squaredDifference(image, y!)) as never
      }
      const weights = Object.values(state)
      const { value, grads } = tf.variableGrads(loss, weights as never)
      const next = Object.entries(state).map(([name, weight]) => [
        name,
        tf.sub(weight, tf.mul(grads[weight.name]!, 0.1)),
      ])
      return { state: Object.fromEntries(next), metrics: { loss: value } }
    }
    const eager = runEagerly(tf, step as never, start, inputs, { steps: 10 })
    const losses = (eager.metrics as Record<string, Float32Array>).loss!
    assert.ok(losses[9]! < losses[0]!, `the loss went from ${losses[0]} to ${losses[9]}`)
    const program = record(tf, step as never, start, inputs)
    program.run(4)
    program.run(6)
    const after = program.state() as Tensors
    for (const name of Object.keys(start))
      assert.deepEqual(bits(after[name]!), bits((eager.state as Tensors)[name]!), name)
    program.close()
  })
})
