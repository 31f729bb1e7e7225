import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { bytesTensor } from '../../workers/engines/tensorflow/recorder/bytes-tensor.ts'
import { chunked } from '../../workers/engines/tensorflow/recorder/chunked.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'

/**
 * A masked autoencoder of rendered bars, images kept as bytes. Minibatches and patch masks are drawn inside the
 * program, each a function of seed and step alone; chunks tell the loss as they come, and a signal can stop them.
 *
 *   node --import tsx examples/recorder/masked-bars.ts
 */
export async function main({ steps = 2000, images = 4096, signal = AbortSignal.timeout(60_000) } = {}) {
  const { tf } = await loadTensorFlow()
  const side = 8
  const pixels = Uint8Array.from({ length: images * side * side }, (_, k) => {
    const [image, row, column] = [Math.floor(k / side ** 2), Math.floor(k / side) % side, k % side]
    return (image % 2 === 0 ? row : column) === Math.floor(image / 2) % side ? 255 : 0
  })
  const data = { pixels: bytesTensor(tf, pixels, [images, side * side]) }
  const weights = (rows: number, columns: number, seed: number) =>
    tf.randomNormal([rows, columns], 0, 1 / Math.sqrt(rows), 'float32', seed)
  const start = { encoder: weights(side * side, 64, 1), decoder: weights(64, side * side, 2) }

  const program = record(
    tf,
    ({ encoder, decoder }, inputs, now) => {
      const rows = tf.gather(inputs.pixels, now.integers([64], images).as1D())
      const x = tf.div(tf.cast(rows, 'float32'), 255)
      // 2 × 2 patches of 4 × 4 pixels, each hidden with probability ½
      const hidden = tf.cast(tf.less(now.uniform([64, 2, 1, 2, 1], 1), 0.5), 'float32')
      const mask = tf.reshape(tf.mul(hidden, tf.ones([64, 2, 4, 2, 4])), [64, side * side])
      const { value, grads } = tf.variableGrads(() => {
        const seen = tf.mul(x, tf.sub(1, mask))
        const guess = tf.matMul(tf.relu(tf.matMul(seen, encoder)), decoder)
        return tf.div(tf.sum(tf.mul(mask, tf.squaredDifference(guess, x))), tf.sum(mask)).asScalar()
      }, [encoder, decoder])
      const next = (w: typeof encoder) => tf.sub(w, tf.mul(grads[w.name]!, 0.5))
      return { state: { encoder: next(encoder), decoder: next(decoder) }, metrics: { loss: value } }
    },
    start,
    data,
    { seed: 7 },
  )

  const losses: number[] = []
  for await (const { first, metrics } of chunked(program, { steps, signal, chunkMs: 100 })) {
    losses.push(...metrics.loss)
    console.log(`from step ${first}: loss ${losses.at(-1)!.toFixed(5)}`)
  }
  program.close()
  tf.dispose([start, data])
  return losses
}

if (process.argv[1]?.includes('masked-bars')) await main()
