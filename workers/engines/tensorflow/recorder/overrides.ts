import type { NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-node-gpu'
import { ATTRIBUTE, type Backend, DTYPE, type Tfjs, typeAttribute } from './binding.ts'

type Kernel = NonNullable<ReturnType<Tfjs['getKernel']>>
type Gradient = NonNullable<ReturnType<Tfjs['getGradient']>>
type KernelArguments = Parameters<Kernel['kernelFunc']>[0]

const BACKEND = 'tensorflow'

/**
 * Replaces kernels and gradients of tfjs while `work` runs, with the same numbers at less cost:
 *
 * - GatherV2 reads its indices into JavaScript to check them; TensorFlow's own checks them where they are.
 * - relu's slope is dy · Step(x), and Step four operations with constants as large as x; TensorFlow has ReluGrad.
 * - Step itself, of which other slopes are made, is x > 0 as a number.
 *
 * Differences: where x is NaN, tfjs's Step is NaN and these are 0 (the loss is NaN either way); a slope of 0 may
 * be +0 for −0.
 */
export function withOverrides<T>(tf: Tfjs, backend: Backend, work: () => T): T {
  const restore = [
    overrideKernel(tf, 'GatherV2', (given) => gather(tf, backend, given)),
    overrideKernel(tf, 'Step', (given, original) => step(tf, given, original)),
    overrideKernel(tf, 'ReluGrad', (given) => reluGrad(backend, given)),
    overrideGradient(tf, reluGradient(tf)),
    overrideGradient(tf, secondReluGradient(tf)),
  ]
  try {
    return work()
  } finally {
    for (const undo of restore) undo()
  }
}

function overrideKernel(
  tf: Tfjs,
  kernelName: string,
  kernel: (given: KernelArguments, original: Kernel | undefined) => TensorInfo | TensorInfo[],
): () => void {
  const original = tf.getKernel(kernelName, BACKEND)
  if (original !== undefined) tf.unregisterKernel(kernelName, BACKEND) // or tfjs warns of a second one
  tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc: (given) => kernel(given, original) })
  return () => {
    tf.unregisterKernel(kernelName, BACKEND)
    if (original !== undefined) tf.registerKernel(original)
  }
}

function overrideGradient(tf: Tfjs, gradient: Gradient): () => void {
  const original = tf.getGradient(gradient.kernelName)
  if (original !== undefined) tf.unregisterGradient(gradient.kernelName)
  tf.registerGradient(gradient)
  return () => {
    tf.unregisterGradient(gradient.kernelName)
    if (original !== undefined) tf.registerGradient(original)
  }
}

function gather(tf: Tfjs, backend: Backend, { inputs, attrs }: KernelArguments): Tensor {
  const { x, indices } = inputs as { x: Tensor; indices: Tensor }
  const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number }
  const attributes = [
    { name: 'batch_dims', type: ATTRIBUTE.int, value: batchDims },
    typeAttribute('Tparams', numberOf(x)),
    typeAttribute('Tindices', numberOf(indices)),
    typeAttribute('Taxis', DTYPE.int32),
  ]
  return tf.tidy(() =>
    backend.executeSingleOutput('GatherV2', attributes, [x, indices, tf.scalar(axis, 'int32')]),
  )
}

function step(tf: Tfjs, given: KernelArguments, original: Kernel | undefined): TensorInfo | TensorInfo[] {
  const { x } = given.inputs as { x: Tensor }
  const { alpha } = given.attrs as unknown as { alpha: number }
  if (alpha !== 0) return original!.kernelFunc(given)
  return tf.tidy(() => tf.greater(x, tf.scalar(0, x.dtype)).cast('float32'))
}

function reluGrad(backend: Backend, { inputs }: KernelArguments): Tensor {
  const { dy, x } = inputs as { dy: Tensor; x: Tensor }
  return backend.executeSingleOutput('ReluGrad', [typeAttribute('T', numberOf(x))], [dy, x])
}

/** ∂/∂x of relu(x). */
function reluGradient(tf: Tfjs): Gradient {
  return {
    kernelName: 'Relu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => runReluGrad(tf, dy as Tensor, x!) }),
  }
}

/** ∂/∂dy of ReluGrad(dy, x), for gradients of gradients; that of x is 0 where it exists. */
function secondReluGradient(tf: Tfjs): Gradient {
  return {
    kernelName: 'ReluGrad',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ dy: () => runReluGrad(tf, dy as Tensor, x!), x: () => tf.zerosLike(x!) }),
  }
}

function runReluGrad(tf: Tfjs, dy: Tensor, x: Tensor): Tensor {
  return tf.engine().runKernel('ReluGrad', { dy, x } as NamedTensorMap)
}

function numberOf({ dtype }: TensorInfo): number {
  return DTYPE[dtype as 'float32' | 'int32' | 'bool']
}
