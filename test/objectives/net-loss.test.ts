import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { LossSpec, ModelSpec } from '../../src/experiment/model-spec.ts'
import { netLayers } from '../../src/experiment/net-layers.ts'
import { isNet, type ResolvedDescent, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec, Objective } from '../../src/experiment/spec.ts'
import { slotsOf, updated } from '../../workers/dynamics/net-update.ts'
import type { Tensor } from '../../workers/engines/tensorflow/tensors.ts'
import { netStart } from '../../workers/models/net-start.ts'
import { netLoss } from '../../workers/objectives/net-loss.ts'
import { needsTensorFlow, tensors } from '../engines/recorded.ts'

/** Losses and gradients by JAX, updates by PyTorch: test/golden/make-nets.py. */
interface NetCase {
  readonly objective: Objective
  readonly model: ModelSpec
  readonly shape: number[]
  readonly loss: LossSpec
  readonly weights: [string, number[]][]
  readonly value: number
  readonly gradient: Record<string, number[]>
}

interface UpdateCase {
  readonly training: Partial<ResolvedDescent> & { readonly learningRate: number }
  readonly kernel: number[]
  readonly bias: number[]
}

const golden = JSON.parse(readFileSync('test/golden/net-cases.json', 'utf8')) as {
  batch: number
  nets: NetCase[]
  updates: UpdateCase[]
}
const TOLERANCE = 1e-5 // float32 against float64: some hundred roundings of 6e-8

describe('nets', needsTensorFlow, async () => {
  if (needsTensorFlow.skip) return
  const tf = await tensors()

  for (const { objective, model, shape, loss, weights, value, gradient } of golden.nets) {
    const { kind, activation, ...rest } = { activation: '', ...model }
    it(`${objective} of ${kind} ${activation} ${JSON.stringify({ ...rest, ...loss })} has the loss and gradient that JAX has`, () => {
      const spec = netSpec(objective, model, loss)
      const layers = netLayers(spec.model, shape, objective)
      const start = netStart(layers, { kind: 'gaussian', scale: 1 }, 0)
      assert.deepEqual(
        Object.entries(start).map(([name, tensor]) => [name, tensor.shape]),
        weights,
      )
      const batch = [1, golden.batch, ...shape]
      const [x, y] = [numbers(90, batch, 2), numbers(91, batch, 2)]
      if (loss.pixels === 'masked') for (const [i, m] of numbers(92, batch).entries()) if (m <= 0) x[i] = 0
      const state = Object.fromEntries(
        weights.map(([name, size], t) => [name, tf.variable(tf.tensor(numbers(t, size, 1.5), [1, ...size]))]),
      )
      const target = Object.fromEntries(
        weights.map(([name, size], t) => [name, tf.tensor(numbers(t + 50, size, 1.2), [1, ...size])]),
      )
      const view = { tf, x: tf.tensor(x, batch), y: tf.tensor(y, batch), weights: state, isTraining: true }
      const own = spec.loss.ema === null ? view : { ...view, target }
      const found = tf.variableGrads(() => tf.sum(netLoss(spec, layers, own)) as never, Object.values(state))
      assertNear([found.value.dataSync()[0]!], [value], 'the loss')
      const largest = Math.max(...Object.values(gradient).map(length))
      for (const [name] of weights) {
        const slope = found.grads[state[name]!.name]!.dataSync()
        assertNear(slope, gradient[name]!, `the gradient of ${name}`, largest)
      }
      tf.dispose([found.value, found.grads, state, target, view.x, view.y] as never)
    })
  }

  for (const { training, kernel, bias } of golden.updates) {
    it(`updates by ${JSON.stringify(training)} are those of PyTorch`, () => {
      for (const precision of ['float32', 'compensated'] as const) {
        const spec = netSpec('mae', { kind: 'mlp', depth: 1, width: 1, activation: 'relu' }, {})
        const full = { ...spec.training, ...training, precision }
        let state: Record<string, Tensor> = {
          'a.kernel': tf.tensor(numbers(0, [3, 2]), [1, 3, 2]),
          'a.bias': tf.tensor(numbers(1, [2]), [1, 2]),
        }
        for (const slot of slotsOf(full)) {
          for (const name of ['a.kernel', 'a.bias']) state[`${slot}/${name}`] = tf.zerosLike(state[name]!)
        }
        const { beta1, beta2 } = full.optimizer!
        for (let step = 0; step < 4; step++) {
          const gradient = {
            'a.kernel': tf.tensor(numbers(10 + 2 * step, [3, 2], 3), [1, 3, 2]),
            'a.bias': tf.tensor(numbers(11 + 2 * step, [2], 3), [1, 2]),
          }
          const rate = tf.tensor1d([training.learningRate])
          const corrections = [beta1, beta2].map((beta) => tf.tensor1d([1 / (1 - beta ** (step + 1))]))
          const names = Object.keys(gradient)
          state = updated(full, {
            tf,
            state,
            names,
            gradient,
            rate,
            corrections: corrections as [Tensor, Tensor],
          })
        }
        assertNear(state['a.kernel']!.dataSync(), kernel, `kernel in ${precision}`)
        assertNear(state['a.bias']!.dataSync(), bias, `bias in ${precision}`)
      }
    })
  }
})

function netSpec(objective: Objective, model: ModelSpec, loss: LossSpec) {
  const asked: ExperimentSpec = {
    objective,
    data: { kind: 'pixel-mask', C: [[1]], keep: 0.5 },
    model,
    loss,
    init: { kind: 'gaussian', scale: 1 },
    training: { mode: 'sgd', learningRate: 0.1, batchSize: 5, steps: 1 },
  }
  const spec = resolveSpec(asked, 1)
  assert.ok(isNet(spec))
  return spec
}

/** The formula of make-nets.py. */
function numbers(t: number, shape: readonly number[], factor = 1): Float32Array {
  const count = shape.reduce((product, n) => product * n, 1)
  return Float32Array.from({ length: count }, (_, k) => {
    return ((((31 * k * k + 17 * k + 101 * t + 7) % 257) - 128) / 256) * factor
  })
}

/** Near in the norm of all numbers, or of what is given where they are next to nothing beside it. */
function assertNear(found: ArrayLike<number>, wanted: readonly number[], what: string, largest = 0): void {
  assert.equal(found.length, wanted.length, what)
  const gap = length(wanted.map((each, i) => each - found[i]!))
  const bound = TOLERANCE * Math.max(length(wanted), 1e-2 * largest)
  assert.ok(gap <= bound, `${what} is off by ${gap}; ${bound} is allowed`)
}

function length(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0))
}
