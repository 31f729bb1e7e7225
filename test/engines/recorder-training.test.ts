import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { bytesTensor } from '../../workers/engines/tensorflow/recorder/bytes-tensor.ts'
import { runEagerly } from '../../workers/engines/tensorflow/recorder/eager.ts'
import type { Moment } from '../../workers/engines/tensorflow/recorder/moment.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import { stopGradient } from '../../workers/engines/tensorflow/recorder/stop-gradient.ts'
import { assertSameBits, descend, needsTensorFlow, normal, type Recordable, tensors } from './recorded.ts'

type Case = (tf: Tfjs) => Recordable
type T4 = never // tfjs asks for ranks that its own results do not carry

/** A linear map w from x to y, whose slope an optimizer turns into the next state. */
function optimizer(
  slots: (tf: Tfjs) => Tensors,
  update: (tf: Tfjs, w: Tensor, slope: Tensor, slots: Tensors, now: Moment) => Record<string, Tensor>,
): Case {
  return (tf) => ({
    state: { w: normal(tf, [5, 4], 1), ...slots(tf) },
    inputs: { x: normal(tf, [9, 5], 2), y: normal(tf, [9, 4], 3) },
    step: (state, { x, y }, now) => {
      const { value, grad } = tf.valueAndGrad((w: Tensor) =>
        tf.mean(tf.squaredDifference(tf.tanh(tf.matMul(x!, w)), y!)),
      )(state.w!) as { value: Tensor; grad: Tensor }
      return { state: update(tf, state.w!, grad, state, now), metrics: { loss: value } }
    },
  })
}

const none = () => ({})
const zeros = (tf: Tfjs) => tf.zeros([5, 4])
const float = (tf: Tfjs, now: Moment) => tf.cast(now.step, 'float32')

/** A network on x with something random in it. */
function drawn(apply: (tf: Tfjs, hidden: Tensor, now: Moment) => Tensor): Case {
  return (tf) => ({
    state: { w: normal(tf, [6, 8], 1), v: normal(tf, [8, 3], 2) },
    inputs: { x: normal(tf, [10, 6], 3) },
    step: (w, { x }, now) =>
      descend(tf, w, 0.05, () => tf.mean(tf.square(tf.matMul(apply(tf, tf.matMul(x!, w.w!), now), w.v!)))),
  })
}

const CASES: Readonly<Record<string, Case>> = {
  momentum: optimizer(
    (tf) => ({ m: zeros(tf) }),
    (tf, w, slope, { m }) => {
      const next = tf.add(tf.mul(m!, 0.9), slope)
      return { w: tf.sub(w, tf.mul(next, 0.1)), m: next }
    },
  ),
  Adam: optimizer(
    (tf) => ({ m: zeros(tf), v: zeros(tf) }),
    (tf, w, slope, { m, v }, now) => {
      const t = tf.add(float(tf, now), 1)
      const first = tf.add(tf.mul(m!, 0.9), tf.mul(slope, 0.1))
      const second = tf.add(tf.mul(v!, 0.999), tf.mul(tf.square(slope), 0.001))
      const mean = tf.div(first, tf.sub(1, tf.pow(0.9, t)))
      const spread = tf.sqrt(tf.div(second, tf.sub(1, tf.pow(0.999, t))))
      return { w: tf.sub(w, tf.mul(tf.div(mean, tf.add(spread, 1e-8)), 0.01)), m: first, v: second }
    },
  ),
  'weight decay': optimizer(none, (tf, w, slope) => ({
    w: tf.sub(tf.mul(w, 1 - 0.1 * 0.01), tf.mul(slope, 0.1)),
  })),
  'clipping by norm': optimizer(none, (tf, w, slope) => {
    const norm = tf.sqrt(tf.sum(tf.square(slope)))
    return { w: tf.sub(w, tf.mul(slope, tf.div(0.01, tf.maximum(norm, 0.01)))) }
  }),
  'an average of the weights': optimizer(
    (tf) => ({ average: zeros(tf) }),
    (tf, w, slope, { average }) => {
      const next = tf.sub(w, tf.mul(slope, 0.1))
      return { w: next, average: tf.add(tf.mul(average!, 0.99), tf.mul(next, 0.01)) }
    },
  ),
  'warm-up and cosine': optimizer(none, (tf, w, slope, _, now) => {
    const k = float(tf, now)
    const cosine = tf.mul(0.05, tf.add(1, tf.cos(tf.mul(k, Math.PI / 10))))
    return { w: tf.sub(w, tf.mul(slope, tf.where(tf.less(now.step, 3), tf.mul(tf.add(k, 1), 0.03), cosine))) }
  }),
  'a rate that falls at steps': optimizer(none, (tf, w, slope, _, now) => {
    const falls = tf.sum(tf.cast(tf.greaterEqual(now.step, tf.tensor1d([2, 4], 'int32')), 'float32'))
    return { w: tf.sub(w, tf.mul(slope, tf.mul(0.1, tf.pow(0.5, falls)))) }
  }),
  'compensated sums': optimizer(
    (tf) => ({ lost: zeros(tf) }),
    (tf, w, slope, { lost }) => {
      const wanted = tf.sub(lost!, tf.mul(slope, 1e-7))
      const next = tf.add(w, wanted)
      return { w: next, lost: tf.sub(wanted, tf.sub(next, w)) }
    },
  ),
  'variables that are assigned': (tf) => ({
    state: { w: normal(tf, [3, 3], 1), kept: normal(tf, [2], 2) },
    inputs: {},
    step: (state) => {
      state.w!.assign(tf.mul(state.w!, 0.5))
      return { state }
    },
  }),
  'a target network that follows by average': (tf) => ({
    state: { w: normal(tf, [5, 4], 1), target: normal(tf, [5, 4], 1) },
    inputs: { x: normal(tf, [9, 5], 2), y: normal(tf, [9, 5], 3) },
    step: ({ w, target }, { x, y }) => {
      const trained = descend(tf, { w: w! }, 0.1, () =>
        tf.mean(tf.squaredDifference(tf.matMul(x!, w!), tf.matMul(y!, target!))),
      )
      const next = trained.state.w!
      const follows = tf.add(tf.mul(target!, 0.9), tf.mul(next, 0.1))
      return { state: { w: next, target: follows }, metrics: trained.metrics }
    },
  }),
  'batch norm with moving moments': (tf) => ({
    state: { w: normal(tf, [6, 4], 1), mean: tf.zeros([4]), variance: tf.ones([4]) },
    inputs: { x: normal(tf, [12, 6], 2) },
    step: ({ w, mean, variance }, { x }) => {
      const { state, metrics } = descend(tf, { w: w! }, 0.1, () => {
        const h = tf.matMul(x!, w!)
        const moments = tf.moments(h, 0)
        const [offset, scale] = [tf.zeros([4]), tf.ones([4])]
        return tf.mean(
          tf.abs(
            tf.batchNorm(h as T4, moments.mean as T4, moments.variance as T4, offset as T4, scale as T4),
          ),
        )
      })
      const moments = tf.moments(tf.matMul(x!, w!), 0)
      const moved = (old: Tensor, now: Tensor) => tf.add(tf.mul(old, 0.9), tf.mul(now, 0.1))
      return {
        state: { ...state, mean: moved(mean!, moments.mean), variance: moved(variance!, moments.variance) },
        metrics,
      }
    },
  }),
  'fused batch norm of images': (tf) => ({
    state: { w: normal(tf, [3, 3, 2, 4], 1, 0.3), scale: tf.ones([4]), offset: tf.zeros([4]) },
    inputs: { x: normal(tf, [4, 6, 6, 2], 2), mean: tf.zeros([4]), variance: tf.ones([4]) },
    step: ({ w, scale, offset }, { x, mean, variance }) =>
      descend(tf, { w: w!, scale: scale!, offset: offset! }, 0.1, () => {
        const h = tf.conv2d(x as T4, w as T4, 1, 'same')
        return tf.mean(
          tf.square(tf.batchNorm(h, mean as T4, variance as T4, offset as T4, scale as T4, 1e-3)),
        )
      }),
  }),
  'cross-entropy of one-hot labels': (tf) => ({
    state: { w: normal(tf, [5, 3], 1) },
    inputs: { x: normal(tf, [8, 5], 2), labels: tf.tensor1d([0, 1, 2, 0, 1, 2, 1, 0], 'int32') },
    step: (w, { x, labels }) =>
      descend(tf, w, 0.1, () =>
        tf.losses.softmaxCrossEntropy(tf.oneHot(labels as T4, 3), tf.matMul(x!, w.w!) as T4),
      ),
  }),
  'variance and covariance regularisation': (tf) => ({
    state: { w: normal(tf, [6, 4], 1) },
    inputs: { x: normal(tf, [12, 6], 2) },
    step: (w, { x }) =>
      descend(tf, w, 0.05, () => {
        const z = tf.matMul(x!, w.w!)
        const centred = tf.sub(z, tf.mean(z, 0))
        const covariance = tf.div(tf.matMul(centred, centred, true), 11)
        const off = tf.mul(covariance, tf.sub(1, tf.eye(4)))
        const spread = tf.sqrt(tf.add(tf.mean(tf.square(centred), 0), 1e-4))
        return tf.add(tf.mean(tf.relu(tf.sub(1, spread))), tf.sum(tf.square(off)))
      }),
  }),
  'patch masks': (tf) => ({
    state: { w: normal(tf, [16, 16], 1, 0.2) },
    inputs: { x: normal(tf, [6, 16], 2) },
    step: (w, { x }, now) => {
      const patches = tf.cast(tf.less(now.uniform([6, 4, 1]), 0.75), 'float32')
      const mask = tf.reshape(tf.mul(patches, tf.ones([6, 4, 4])), [6, 16])
      return descend(tf, w, 0.1, () => {
        const guess = tf.matMul(tf.mul(x!, tf.sub(1, mask)), w.w!)
        return tf.div(tf.sum(tf.mul(mask, tf.squaredDifference(guess, x!))), tf.add(tf.sum(mask), 1))
      })
    },
  }),
  dropout: drawn((tf, h, now) =>
    tf.mul(h, tf.div(tf.cast(tf.less(now.uniform([10, 8]), 0.8), 'float32'), 0.8)),
  ),
  'additive noise': drawn((tf, h, now) => tf.add(h, tf.mul(now.normal([10, 8]), 0.1))),
  'two streams of draws': drawn((tf, h, now) =>
    tf.add(h, tf.sub(now.normal([10, 8], 1), now.normal([10, 8], 2))),
  ),
  'minibatches drawn from resident bytes': (tf) => ({
    state: { w: normal(tf, [12, 3], 1) },
    inputs: {
      images: bytesTensor(
        tf,
        Uint8Array.from({ length: 240 }, (_, k) => (k * 37) % 256),
        [20, 12],
      ),
    },
    step: (w, { images }, now) => {
      const rows = tf.gather(images!, now.integers([4], 20) as T4)
      const x = tf.div(tf.cast(rows, 'float32'), 255)
      return descend(tf, w, 0.1, () => tf.mean(tf.square(tf.matMul(x, w.w!))))
    },
  }),
  'second derivatives through relu': (tf) => ({
    state: { w: normal(tf, [4, 4], 1) },
    inputs: { x: normal(tf, [5, 4], 2) },
    step: (w, { x }) =>
      descend(tf, w, 0.05, () => {
        const slope = tf.grad((v: Tensor) => tf.sum(tf.square(tf.relu(tf.matMul(v, w.w!)))))(x!)
        return tf.mean(tf.square(slope))
      }),
  }),
  'a model of tf.layers': (tf) => {
    const dense = (units: number, seed: number) =>
      tf.layers.dense({ units, activation: 'elu', kernelInitializer: tf.initializers.glorotNormal({ seed }) })
    const model = tf.sequential({
      layers: [tf.layers.inputLayer({ inputShape: [6] }), dense(5, 1), dense(2, 2)],
    })
    const { weights } = model
    return {
      state: Object.fromEntries(weights.map((w) => [w.name, tf.clone(w.read())])),
      inputs: { x: normal(tf, [9, 6], 2) },
      step: (state, { x }) => {
        for (const w of weights) w.write(state[w.name]!)
        const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(model.apply(x!) as Tensor)))
        const next = weights.map((w) => [w.name, tf.sub(w.read(), tf.mul(grads[w.name]!, 0.1))])
        return { state: Object.fromEntries(next), metrics: { loss: value } }
      },
    }
  },
  'metrics of any shape and type': (tf) => ({
    state: { w: normal(tf, [4], 1) },
    inputs: {},
    step: ({ w }, _, now) => ({
      state: { w: tf.mul(w!, 0.9) },
      metrics: {
        step: now.step,
        w: w!,
        norm: tf.norm(w!),
        positive: tf.greater(w!, 0),
        stopped: stopGradient(tf, w!),
      },
    }),
  }),
}

describe('five recorded steps of training have the bits of five eager ones:', needsTensorFlow, () => {
  let tf: Tfjs
  before(async () => {
    tf = await tensors()
  })

  for (const [name, make] of Object.entries(CASES)) {
    it(name, () => {
      const recordable = make(tf)
      assertSameBits(tf, recordable, { executor: 'serial' })
      assertSameBits(tf, recordable, { executor: 'auto' })
      assertSameBits(tf, recordable, { form: 'lowered' }, 1e-6) // oneDNN's softmax, as in recorder-layers.test.ts
      tf.dispose([recordable.state, recordable.inputs])
    })
  }

  it('draws are uniform and normal, differ by step, stream and seed, and come again', () => {
    const step = (_: unknown, __: unknown, now: Moment) => ({
      state: {},
      metrics: { u: now.uniform([4000]), n: now.normal([4000], 1), k: now.integers([4000], 10, 2) },
    })
    const draw = (seed: number) => {
      const program = record(tf, step, {}, {}, { seed, executor: 'serial' })
      const metrics = program.run(2)
      program.close()
      return metrics
    }
    const [one, again, other] = [draw(1), draw(1), draw(2 ** 40 + 1)]
    assert.deepEqual(again, one)
    const mean = (numbers: Float32Array) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length
    // 8,000 draws: six standard errors
    assert.ok(Math.abs(mean(one.u) - 0.5) < 6 * Math.sqrt(1 / 12 / 8000), `mean ${mean(one.u)}`)
    assert.ok(Math.abs(mean(one.n)) < 6 / Math.sqrt(8000), `mean ${mean(one.n)}`)
    assert.ok(Math.abs(mean(one.n.map((x) => x * x)) - 1) < 6 * Math.sqrt(2 / 8000))
    assert.deepEqual([...new Set(one.k)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const shared = (a: Float32Array, b: Float32Array) => a.filter((x, k) => x === b[k]).length
    assert.ok(shared(one.u.slice(0, 4000), one.u.slice(4000)) < 10, 'two steps have the same draws')
    assert.ok(shared(one.u, other.u) < 10, 'two seeds have the same draws')
  })

  it('eager steps may begin anywhere', () => {
    const step = (s: Tensors, _: Tensors, now: Moment) => ({ state: { s: tf.add(s.s!, now.uniform([2])) } })
    const state = { s: tf.zeros([2]) }
    const whole = runEagerly(tf, step, state, {}, { steps: 4 })
    const half = runEagerly(tf, step, state, {}, { steps: 2 })
    const rest = runEagerly(tf, step, half.state, {}, { steps: 2, first: 2 })
    assert.deepEqual(rest.state.s.dataSync(), whole.state.s.dataSync())
    tf.dispose([state, whole.state, half.state, rest.state])
  })
})
