import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node-gpu'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { fromRows, type Matrix } from '../../src/experiment/matrix.ts'
import { openTensorFlowEngine } from '../../workers/engines/tensorflow/engine.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { TensorGradient } from '../../workers/engines/tensorflow/tensor-gradient.ts'
import { layoutOf } from '../../workers/models/parameters.ts'
import { descents } from './descent.cases.ts'
import { drawsOfReference } from './draws.cases.ts'
import { close, goldenDescents } from './golden.cases.ts'
import { descent, goldenCases, type MatrixCase, matrixPlan } from './plans.ts'
import { shortSpec, train } from './runs.ts'

const missing = await loadTensorFlow('cpu').then(
  () => null,
  (error: Error) => error.message,
)

describe('tensorflow', {
  skip: missing === null ? false : `engine tensorflow is missing: ${missing}`,
}, async () => {
  if (missing !== null) return
  const { tf } = await loadTensorFlow('cpu')
  const engine = await openTensorFlowEngine('cpu')
  const cases = goldenCases<MatrixCase>('matrix_gd')
  goldenDescents(engine, 1e-4) // float32 over 1,000 steps; JEPA's neutral directions drift
  descents(engine, 2e-6) // a few roundings of 6e-8
  drawsOfReference(engine, 4e-6) // 40 steps of them

  for (const golden of cases) {
    it(`${golden.id} has the gradient that automatic differentiation of the stopped loss has`, () => {
      const plan = matrixPlan(golden, descent(0.1, 1))
      const gap = tf.tidy(() => {
        const upload = ({ rows, cols, data }: Matrix) => tf.tensor2d(Float32Array.from(data), [rows, cols])
        const [Sxx, Syx, Syy] = [plan.moments.Sxx, plan.moments.Syx, plan.moments.Syy].map(upload) as [
          Tensor2D,
          Tensor2D,
          Tensor2D,
        ]
        const loss = (...matrices: Tensor[]) => {
          const layers = matrices.slice(0, -1) as Tensor2D[]
          const encode = (through: readonly Tensor2D[]) =>
            through.slice(1).reduce((below, layer) => tf.matMul(layer, below), through[0]!)
          const trace = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b))
          const product = encode(layers)
          const prediction = tf.matMul(matrices.at(-1) as Tensor2D, product)
          // Numbers read out and put back are new to the tape: the target passes no gradient.
          const target =
            golden.input.objective === 'jepa' ? tf.tensor2d(product.dataSync(), product.shape) : null
          const spread = target === null ? tf.scalar(0) : trace(target, tf.matMul(target, Syy))
          const wanted = target === null ? Syx : tf.matMul(target, Syx)
          const square = trace(prediction, tf.matMul(prediction, Sxx))
          return tf.mul(0.5, tf.add(tf.sub(square, tf.mul(2, trace(prediction, wanted))), spread)).asScalar()
        }
        const matrices = [...plan.initial.layers, plan.initial.decoder].map(upload)
        const taped = tf.grads(loss)(matrices)
        const closed = new TensorGradient(tf, layoutOf(plan)).evaluate(matrices, { Sxx, Syx })
        return Math.max(
          ...closed.map((g, a) => {
            const wanted = taped[a]!
            return tf.div(tf.max(tf.abs(tf.sub(g, wanted))), tf.max(tf.abs(wanted))).dataSync()[0]!
          }),
        )
      })
      assert.ok(gap < 1e-5, `the gradients differ by ${gap} of the largest entry`) // float32, sums of 4
    })
  }

  it('a run of 300 steps leaves no tensor behind, and disposing twice is harmless', async () => {
    const before = tf.memory().numTensors
    for (const momentum of [0, 0.9]) {
      const training = engine.begin(
        matrixPlan(cases[0]!, descent(0.1, 300, { momentum, schedule: 'cosine' })),
      )
      while (training.step < 10) await training.advance(10)
      const running = tf.memory().numTensors
      while (training.step < 300) await training.advance(300)
      await training.amplitudes()
      await training.loss()
      await training.weights()
      assert.equal(tf.memory().numTensors, running, 'tensors grow from step to step')
      training.dispose()
      training.dispose()
    }
    await train(engine, shortSpec())
    assert.equal(tf.memory().numTensors, before)
  })

  it('compensated sums move weights that plain float32 leaves standing', async () => {
    const one = { kind: 'explicit' as const, layers: [[[0.5]]], decoder: [[0.5]] }
    const data = { kind: 'gaussian' as const, lambda: [1], rho: [0.9] }
    const moved = async (precision: 'compensated' | 'float32') => {
      const training = { mode: 'gradient-descent' as const, learningRate: 4e-8, steps: 400, precision }
      const spec = shortSpec({ init: one, data, model: { kind: 'deep-linear', depth: 1 }, training })
      return (await train(engine, spec)).weights.layers[0]!.data[0]! - 0.5
    }
    // dw/dt = λ v w (1 − v/ρ) at v = w = 0.5: under a half of float32's last place (3e-8) a step.
    close(await moved('compensated'), 400 * 4e-8 * 0.25 * (1 - 0.5 / 0.9), 1e-3, 'w moved by')
    assert.equal(await moved('float32'), 0)
  })

  it('flow, float64 and int8x3 are refused by name', async () => {
    const training = { mode: 'flow' as const, time: 10 }
    await assert.rejects(train(engine, shortSpec({ training })), isRefusal)
    for (const precision of ['float64', 'int8x3'] as const) {
      const descent = { mode: 'gradient-descent' as const, learningRate: 0.1, steps: 1, precision }
      await assert.rejects(train(engine, shortSpec({ training: descent })), isRefusal)
    }
    const plan = matrixPlan(cases[0]!, { mode: 'flow', time: 1, precision: 'float64' })
    assert.throws(() => engine.begin({ ...plan, directions: fromRows([[1]]) }), isRefusal)
  })
})

function isRefusal(error: unknown): boolean {
  return error instanceof ExperimentError && error.code === 'ENGINE_UNAVAILABLE'
}
