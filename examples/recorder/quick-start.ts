import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'

/**
 * Linear regression by momentum, 5,000 steps in a few calls. The step is ordinary tfjs code; `record` runs it
 * twice and gives back a program that holds its own state.
 *
 *   node --import tsx examples/recorder/quick-start.ts
 */
export async function main({ steps = 5000 } = {}): Promise<{ first: number; last: number }> {
  const { tf } = await loadTensorFlow()
  const x = tf.randomNormal([256, 20], 0, 1, 'float32', 1)
  const truth = tf.randomNormal([20, 1], 0, 1, 'float32', 2)
  const y = tf.matMul(x, truth)
  const start = { w: tf.zeros([20, 1]), m: tf.zeros([20, 1]) }

  const program = record(
    tf,
    ({ w, m }, inputs) => {
      const { value, grads } = tf.variableGrads(
        () => tf.losses.meanSquaredError(inputs.y, tf.matMul(inputs.x, w)).asScalar(),
        [w],
      )
      const momentum = tf.add(tf.mul(m, 0.9), grads[w.name]!)
      return { state: { w: tf.sub(w, tf.mul(momentum, 0.01)), m: momentum }, metrics: { loss: value } }
    },
    start,
    { x, y },
  )

  const { loss } = program.run(steps)
  const { w, m } = program.state()
  const error = tf.tidy(() => tf.max(tf.abs(tf.sub(w, truth))).dataSync()[0])
  console.log(`loss ${loss[0]} at step 0, ${loss.at(-1)} at step ${steps - 1}; weights within ${error}`)
  program.close()
  tf.dispose([x, y, truth, start, w, m])
  return { first: loss[0]!, last: loss.at(-1)! }
}

if (process.argv[1]?.includes('quick-start')) await main()
