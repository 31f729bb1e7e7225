import { createRequire } from 'node:module'
import { ExperimentError } from '../../../src/experiment/failure.ts'
import { findGpus } from '../../../src/experiment/hardware.ts'
import { readInstallation } from '../../../src/experiment/installation.ts'
import { type InstructionSet, type KernelsFound, loadKernels } from './kernels/available.ts'

const require = createRequire(import.meta.url)

type Tfjs = typeof import('@tensorflow/tfjs-node-gpu')

/** TensorFlow in this process. A process has it on one device, chosen by the first load. */
export interface TensorFlow {
  readonly tf: Tfjs
  /** libtensorflow's version, not tfjs's. */
  readonly version: string
  readonly device: 'cpu' | 'cuda'
  /** Cards that this process computes on: 0 on cpu. */
  readonly gpus: number
  /** Our own operations: which build of them, or why there is none. */
  readonly kernels: KernelsFound
}

let loaded: TensorFlow | undefined

/**
 * Loads TensorFlow at the first call (0.2 to 1 s) and returns it from then on. `cpu` hides the cards from this
 * process for good; `auto` takes a card where there is one. `instructionSet`: another build of our own operations than the
 * fastest.
 *
 * @throws ENGINE_UNAVAILABLE with what the set-up and the loader said; CUDA_UNAVAILABLE where `cuda` is asked
 *   for and no card answers.
 */
export async function loadTensorFlow(
  device: 'auto' | 'cpu' | 'cuda' = 'auto',
  instructionSet?: InstructionSet,
): Promise<TensorFlow> {
  loaded ??= load(device, instructionSet)
  if (device === 'cuda' && loaded.device !== 'cuda') {
    throw new ExperimentError('CUDA_UNAVAILABLE', { why: whyNoCuda() })
  }
  if (device === 'cpu' && loaded.device !== 'cpu') {
    const why = 'this process computes on a GPU already, and TensorFlow cannot leave it'
    throw new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'tensorflow', why })
  }
  return loaded
}

function load(device: 'auto' | 'cpu' | 'cuda', instructionSet?: InstructionSet): TensorFlow {
  const { tensorflow, failures } = readInstallation()
  if (tensorflow === null || tensorflow.variant === 'off') {
    const failed = [failures.tensorflow, failures.binding].filter((failure) => failure !== undefined)
    const reasons = failed.map(({ fact, remedy }) => `${fact} ${remedy}`)
    const why =
      tensorflow === null ? ['TensorFlow is not set up', ...reasons].join('; ') : 'JEPALAB_TENSORFLOW is off'
    throw new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'tensorflow', why })
  }
  setEnvironment(device)
  restoreUtil()
  try {
    const tf = require('@tensorflow/tfjs-node-gpu') as Tfjs
    const { binding, isUsingGpuDevice } = tf.backend() as unknown as NodeBackend
    const found = isUsingGpuDevice ? 'cuda' : 'cpu'
    const gpus = isUsingGpuDevice ? visibleGpus() : 0
    return { tf, version: binding.TF_Version, device: found, gpus, kernels: loadKernels(tf, instructionSet) }
  } catch (cause) {
    const why = `its native library does not load (${(cause as Error).message}); run npm run setup`
    throw new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'tensorflow', why }, { cause })
  }
}

interface NodeBackend {
  readonly binding: { readonly TF_Version: string }
  readonly isUsingGpuDevice: boolean
}

/**
 * libtensorflow reads these once, when it is loaded. One thread inside an operation: its sums then have one
 * order and one result on every machine, and small steps are the quicker for it. What the user has set stays.
 */
function setEnvironment(device: 'auto' | 'cpu' | 'cuda'): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  process.env.TF_NUM_INTRAOP_THREADS ??= '1'
  process.env.TF_NUM_INTEROP_THREADS ??= '2'
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true' // or the first worker takes the whole card
  if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1'
}

/** tfjs-node calls four functions of node:util that Node 23 removed. */
function restoreUtil(): void {
  const util = require('node:util')
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}

function visibleGpus(): number {
  const visible = process.env.CUDA_VISIBLE_DEVICES
  return visible === undefined ? Math.max(1, findGpus().names.length) : visible.split(',').length
}

function whyNoCuda(): string {
  const { driver, names } = findGpus()
  if (driver === null) return 'no NVIDIA driver is on this machine (0 GPUs)'
  if (names.length === 0) return `NVIDIA's driver ${driver} shows 0 GPUs`
  if (readInstallation().tensorflow?.variant !== 'cuda')
    return 'the CPU build of TensorFlow is set up (0 GPUs)'
  return `TensorFlow finds 0 of the ${names.length} GPUs that NVIDIA's driver ${driver} shows`
}
