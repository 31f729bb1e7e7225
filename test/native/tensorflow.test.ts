import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findGpus } from '../../src/experiment/hardware.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'

const { tensorflow, failures } = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off'
const reason = (failures.tensorflow ?? failures.binding)?.fact ?? 'JEPALAB_TENSORFLOW is off'

describe('TensorFlow', { skip: isHere ? false : `engine tensorflow is not here: ${reason}` }, () => {
  it('loads the version that is pinned, once', async () => {
    const first = await loadTensorFlow()
    assert.equal(first.version, tensorflow?.version)
    assert.equal(await loadTensorFlow(), first)
    assert.equal(first.gpus > 0, first.device === 'cuda')
  })

  it('multiplies matrices through the binding', async () => {
    const { tf } = await loadTensorFlow()
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync())
    assert.deepEqual([...product], [11])
  })

  it('is refused on cuda where there is no card, with the remedy', async (test) => {
    if (findGpus().names.length > 0) return test.skip('this machine has an NVIDIA card')
    await assert.rejects(loadTensorFlow('cuda'), { code: 'CUDA_UNAVAILABLE', message: /0 GPUs.*driver/ })
  })

  it('tells a process of its own what it found, for the doctor', () => {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    const probe = fileURLToPath(
      new URL(`../../workers/engines/tensorflow/probe${extension}`, import.meta.url),
    )
    const args = [...process.execArgv.filter((arg) => !arg.startsWith('--test')), probe]
    const said = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    assert.deepEqual(JSON.parse(said).loads, true)
  })
})
