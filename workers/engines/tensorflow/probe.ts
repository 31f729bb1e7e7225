import { loadTensorFlow } from './load.ts'

// Run as a process of its own by `jepalab doctor`: loads TensorFlow and prints what it found, one JSON object.
try {
  const { version, device, gpus, kernels, tf } = await loadTensorFlow()
  const sum = tf.tidy(() => tf.sum(tf.ones([2, 3])).dataSync()[0])
  console.log(JSON.stringify({ loads: sum === 6, version, device, gpus, kernels, tfjs: tf.version.tfjs }))
} catch (error) {
  console.log(JSON.stringify({ loads: false, why: (error as Error).message }))
  process.exitCode = 1
}
