import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Backend, Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import { needsTensorFlow, normal, tensors } from './recorded.ts'

const MB = 2 ** 20

describe('memory stays where it was', needsTensorFlow, () => {
  let tf: Tfjs
  before(async () => {
    tf = await tensors()
  })

  /** A network of two layers whose weights fill 0.5 MB. */
  function network() {
    const state = { a: normal(tf, [64, 1024], 1, 0.1), b: normal(tf, [1024, 64], 2, 0.05) }
    const inputs = { x: normal(tf, [4, 64], 3) }
    const step = (s: { a: Tensor; b: Tensor }, i: { x: Tensor }) => {
      const loss = (a: Tensor, b: Tensor) => tf.mean(tf.square(tf.matMul(tf.relu(tf.matMul(i.x, a)), b)))
      const { value, grads } = tf.valueAndGrads(loss as never)([s.a, s.b])
      const next = [s.a, s.b].map((w, k) => tf.sub(w, tf.mul(grads[k]!, 0.01)))
      return { state: { a: next[0]!, b: next[1]! }, metrics: { loss: value } }
    }
    return { state, inputs, step }
  }

  function counts() {
    const { binding } = tf.backend() as unknown as Backend
    return { tensors: tf.memory().numTensors, handles: binding.getNumOfTensors() }
  }

  /** Megabytes by which the process grows while `work` runs, once a tenth of it has filled what is kept for reuse. */
  function growth(times: number, work: () => void): number {
    for (let k = 0; k < times / 10; k++) work()
    const start = process.memoryUsage().rss
    for (let k = 0; k < times; k++) work()
    return (process.memoryUsage().rss - start) / MB
  }

  it('over 10,000 calls', () => {
    const { state, inputs, step } = network()
    const program = record(tf, step, state, inputs, { executor: 'serial' })
    program.run(1) // from now on it holds its step's number too
    const start = counts()
    const grown = growth(10_000, () => program.run(1))
    assert.deepEqual(counts(), start)
    // one leaked state per call would be 5,000 MB, one leaked row of metrics and its handle 5
    assert.ok(grown < 60, `grew by ${grown.toFixed(1)} MB`)
    program.close()
    tf.dispose([state, inputs])
  })

  it('over 300 loads', () => {
    const { state, inputs, step } = network()
    tf.dispose(tf.add(state.a, 1))
    tf.dispose([tf.add(state.b, 1), tf.add(inputs.x, 1)])
    const start = counts()
    const grown = growth(300, () => {
      const program = record(tf, step, state, inputs, { executor: 'serial' })
      program.run(2)
      program.close()
    })
    assert.deepEqual(counts(), start)
    // one leaked state per load would be 150 MB
    assert.ok(grown < 60, `grew by ${grown.toFixed(1)} MB`)
    tf.dispose([state, inputs])
  })
})
