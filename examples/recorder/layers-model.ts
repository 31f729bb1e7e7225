import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensor } from '../../workers/engines/tensorflow/recorder/step.ts'

/**
 * A model of tf.layers. Its weights are the state: the step writes them into the model, and the end of the run is
 * written back. Minibatches are drawn in the program.
 *
 *   node --import tsx examples/recorder/layers-model.ts
 */
export async function main({ steps = 1000 } = {}): Promise<{ first: number; last: number }> {
  const { tf } = await loadTensorFlow()
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 8, kernelSize: 3, activation: 'relu' }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10 }),
    ],
  })
  const { weights } = model
  const start = Object.fromEntries(weights.map((w) => [w.name, tf.clone(w.read())])) as Record<string, Tensor>
  const images = tf.randomNormal([500, 8, 8, 1], 0, 1, 'float32', 1)
  const labels = tf.argMax(tf.reshape(images, [500, 64]).slice([0, 0], [500, 10]), 1)

  const program = record(
    tf,
    (state, inputs, now) => {
      for (const w of weights) w.write(state[w.name]!)
      const rows = now.integers([64], 500).as1D()
      const [x, y] = [tf.gather(inputs.images, rows), tf.gather(inputs.labels, rows)]
      const { value, grads } = tf.variableGrads(() => {
        const logits = model.apply(x, { training: true }) as typeof x
        return tf.losses.softmaxCrossEntropy(tf.oneHot(y, 10), logits).asScalar()
      })
      return {
        state: Object.fromEntries(
          weights.map((w) => [w.name, tf.sub(w.read(), tf.mul(grads[w.name]!, 0.1))]),
        ),
        metrics: { loss: value },
      }
    },
    start,
    { images, labels },
  )

  const { loss } = program.run(steps)
  const end = program.state()
  for (const w of weights) w.write(end[w.name]!)
  program.close()
  const guesses = model.predict(images) as Tensor
  const right = tf.tidy(
    () => tf.mean(tf.cast(tf.equal(tf.argMax(guesses, 1), labels), 'float32')).dataSync()[0],
  )
  console.log(`loss ${loss[0]} at step 0, ${loss.at(-1)} at the end; ${right} of the labels are right`)
  model.dispose()
  tf.dispose([start, end, images, labels, guesses])
  return { first: loss[0]!, last: loss.at(-1)! }
}

if (process.argv[1]?.includes('layers-model')) await main()
