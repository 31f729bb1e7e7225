import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { loadTensorFlow } from '../workers/engines/tensorflow/load.ts'
import { record } from '../workers/engines/tensorflow/recorder/record.ts'
import type { Step, Tensor, Tensors } from '../workers/engines/tensorflow/recorder/step.ts'
import { stopGradient } from '../workers/engines/tensorflow/recorder/stop-gradient.ts'

/**
 * Milliseconds per training step, eager tfjs against the same step recorded, batch 64, best of rounds that take
 * turns; the figures of docs/recorder.md. On a quiet machine:
 *
 *   node --import tsx bench/recorder.ts
 */
const ROUNDS = 8
const ROUND_MS = 150

type Weights = Record<string, Tensor>
type Taken = { state: Weights; metrics: Weights }
type T4 = never // tfjs asks for ranks that its own results do not carry

const { tf, version } = await loadTensorFlow()
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: repositoryRoot(),
  encoding: 'utf8',
})
console.log(`${cpus()[0]?.model}, ${cpus().length} cores; commit ${commit.trim()}`)
console.log(`Node ${process.versions.node}, TensorFlow ${version}, tfjs ${tf.version.tfjs}`)
console.log('step                      eager   recorded   eager/recorded   executor   same bits')

const normal = (shape: number[], seed: number, fanIn = 1) =>
  tf.randomNormal(shape, 0, 1 / Math.sqrt(fanIn), 'float32', seed) as Tensor
const dense = (sizes: number[]): Weights =>
  Object.fromEntries(sizes.slice(1).map((out, k) => [`w${k}`, normal([sizes[k]!, out], k, sizes[k])]))

for (const sizes of [
  [32, 64, 64, 32],
  [784, 256, 256, 64],
]) {
  const inputs = { x: normal([64, sizes[0]!], 8), y: normal([64, sizes.at(-1)!], 9) }
  compare(`MLP ${sizes.join('-')}`, dense(sizes), inputs, (weights, { x, y }) => {
    const layers = Object.values(weights)
    const hidden = layers.slice(0, -1).reduce((h, w) => tf.relu(tf.matMul(h, w)), x!)
    return tf.losses.meanSquaredError(y!, tf.matMul(hidden, layers.at(-1)!))
  })
}

const convolutional = {
  c1: normal([3, 3, 1, 16], 1, 9),
  b1: tf.zeros([16]) as Tensor,
  c2: normal([3, 3, 16, 32], 2, 144),
  b2: tf.zeros([32]) as Tensor,
  out: normal([1568, 64], 3, 1568),
  predictor: normal([64, 64], 4, 64),
}
const views = { x: normal([64, 28, 28, 1], 5), y: normal([64, 28, 28, 1], 6) }
compare('convolutional JEPA 28×28', convolutional, views, (w, { x, y }) => {
  const layer = (h: Tensor, filter: Tensor, bias: Tensor) =>
    tf.relu(tf.add(tf.conv2d(h as T4, filter as T4, 2, 'same'), bias))
  const encode = (image: Tensor) =>
    tf.matMul(tf.reshape(layer(layer(image, w.c1!, w.b1!), w.c2!, w.b2!), [64, 1568]), w.out!)
  return tf.mean(tf.squaredDifference(tf.matMul(encode(x!), w.predictor!), stopGradient(tf, encode(y!))))
})

function compare(
  name: string,
  state: Weights,
  inputs: Tensors,
  loss: (weights: Weights, inputs: Tensors) => Tensor,
): void {
  const step: Step<Tensors, Tensors, { loss: Tensor }> = (weights, given) => {
    const { value, grads } = tf.valueAndGrads((...w: Tensor[]) => {
      return tf.sum(loss(Object.fromEntries(Object.keys(weights).map((key, k) => [key, w[k]!])), given))
    })(Object.values(weights))
    const next = Object.entries(weights).map(([key, w], k) => [key, tf.sub(w, tf.mul(grads[k]!, 0.05))])
    return { state: Object.fromEntries(next), metrics: { loss: value } }
  }
  const program = record(tf, step, state, inputs)
  let now: Weights = Object.fromEntries(Object.entries(state).map(([key, w]) => [key, tf.clone(w)]))
  const eager = (steps: number) => {
    for (let k = 0; k < steps; k++) {
      const before = now
      const outcome = tf.tidy(() => ({ ...step(before as never, inputs, undefined as never) })) as Taken
      now = outcome.state
      tf.dispose([before, outcome.metrics])
    }
  }
  const best = [Infinity, Infinity]
  for (let round = 0; round < ROUNDS; round++) {
    best[0] = Math.min(best[0]!, time(eager))
    best[1] = Math.min(
      best[1]!,
      time((steps) => program.run(steps)),
    )
  }
  const [slow, fast] = best as [number, number]
  const { executor, isExact } = program.findings
  const row = [name.padEnd(24), slow.toFixed(3).padStart(7), fast.toFixed(4).padStart(9)]
  row.push((slow / fast).toFixed(1).padStart(12), executor.padStart(17), `${isExact}`.padStart(9))
  console.log(row.join(' '))
  program.close()
  tf.dispose([state, inputs, now])
}

/** Milliseconds per step over about ROUND_MS. */
function time(run: (steps: number) => void): number {
  run(1)
  const span = (steps: number) => {
    const start = performance.now()
    run(steps)
    return performance.now() - start
  }
  const steps = Math.max(1, Math.round(ROUND_MS / (span(3) / 3)))
  return span(steps) / steps
}
