import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'
import { stopGradient } from '../../workers/engines/tensorflow/recorder/stop-gradient.ts'

type T4 = never // tfjs asks for ranks that its own results do not carry

/**
 * A joint-embedding step on two noisy views: a convolutional encoder predicts what its own slow average makes of the
 * other view. Stop-gradient, moving average, warm-up and cosine, all inside the program.
 *
 *   node --import tsx examples/recorder/two-views.ts
 */
export async function main({ steps = 300 } = {}): Promise<number[]> {
  const { tf } = await loadTensorFlow()
  const weights = (shape: number[], deviation: number, seed: number) =>
    tf.randomNormal(shape, 0, deviation, 'float32', seed)
  const images = tf.randomUniform([64, 16, 16, 1], 0, 1, 'float32', 1)
  const filter = weights([3, 3, 1, 8], 0.3, 2)
  const start = { filter, slow: tf.clone(filter), predictor: weights([8, 8], 0.35, 3) }

  const encode = (x: Tensor, w: Tensor) => tf.mean(tf.relu(tf.conv2d(x as T4, w as T4, 2, 'same')), [1, 2])

  const program = record(
    tf,
    ({ filter, slow, predictor }, inputs, now) => {
      const [one, two] = [1, 2].map((stream) =>
        tf.add(inputs.images, tf.mul(now.normal([64, 16, 16, 1], stream), 0.1)),
      )
      const target = stopGradient(tf, encode(two!, slow))
      const { value, grads } = tf.variableGrads(
        () => tf.losses.meanSquaredError(target, tf.matMul(encode(one!, filter), predictor)).asScalar(),
        [filter, predictor],
      )
      const step = tf.cast(now.step, 'float32')
      const cosine = tf.mul(0.05, tf.add(1, tf.cos(tf.mul(step, Math.PI / steps))))
      const rate = tf.where(tf.less(now.step, 10), tf.mul(tf.add(step, 1), 0.01), cosine)
      const next = tf.sub(filter, tf.mul(grads[filter.name]!, rate))
      return {
        state: {
          filter: next,
          slow: tf.add(tf.mul(slow, 0.99), tf.mul(next, 0.01)),
          predictor: tf.sub(predictor, tf.mul(grads[predictor.name]!, rate)),
        },
        metrics: { loss: value, rate },
      }
    },
    start,
    { images },
  )

  const { loss, rate } = program.run(steps)
  for (const step of [0, Math.floor(steps / 2), steps - 1]) {
    console.log(`step ${step}: loss ${loss[step]!.toFixed(5)}, rate ${rate[step]!.toFixed(4)}`)
  }
  program.close()
  tf.dispose([images, start])
  return [...loss]
}

if (process.argv[1]?.includes('two-views')) await main()
