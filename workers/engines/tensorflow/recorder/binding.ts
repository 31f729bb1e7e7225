import type { DataId, Tensor } from '@tensorflow/tfjs-node-gpu'
import { RecordingRefused } from './refusal.ts'

/** The tensor library, as `require('@tensorflow/tfjs-node-gpu')` gives it. */
export type Tfjs = typeof import('@tensorflow/tfjs-node-gpu')

/** A tensor of the binding: tfjs's Tensor without the JavaScript around it. `dtype` is TensorFlow's number. */
export interface Handle {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: number
}

/** An attribute as tfjs gives it to the binding; `type` is one of TF_ATTR_*. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** What the native module of tfjs-node can do, with the calls that native/tensorflow adds. */
export interface Binding {
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): ArrayBufferView
  executeOp(name: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): Handle[]
  getNumOfTensors(): number
  addFunction(definition: Uint8Array): void
  removeFunction(name: string): void
  operations(): Uint8Array
  hasOneDnn(): boolean
  instructionSets(): string[]
  loadKernels(path: string): void
}

/** tfjs-node's backend, as much of it as the recorder touches. */
export interface Backend {
  binding: Binding
  readonly isUsingGpuDevice: boolean
  getInputTensorIds(tensors: readonly Tensor[]): number[]
  createOutputTensor(handle: Handle): Tensor
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[]
  incRef(data: DataId): void
  move(data: DataId, values: unknown, ...rest: unknown[]): void
}

/** TensorFlow's numbers of the types that a tensor of tfjs can have, and of two more. */
export const DTYPE = { float32: 1, int32: 3, uint8: 4, int64: 9, bool: 10, uint64: 23 } as const

/** TensorFlow's numbers of the kinds of attribute. */
export const ATTRIBUTE = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const

/** The backend under tfjs. @throws RecordingRefused where it is not tfjs-node's, or built without functions */
export function backendOf(tf: Tfjs): Backend {
  const backend = tf.backend() as unknown as Backend
  if (typeof backend.binding?.executeOp !== 'function') {
    throw new RecordingRefused('tfjs computes on another backend than tensorflow; load tfjs-node first')
  }
  if (typeof backend.binding.addFunction !== 'function') {
    throw new RecordingRefused(
      "tfjs-node's native module was built without functions; run npm run setup in the checkout of jepalab",
    )
  }
  return backend
}

/** An attribute that gives a type. */
export function typeAttribute(name: string, dtype: number): Attribute {
  return { name, type: ATTRIBUTE.type, value: dtype }
}

/** A handle of its own on the same memory: freeing the one leaves the other. */
export function hold(binding: Binding, handle: Handle): Handle {
  return binding.executeOp('Identity', [typeAttribute('T', handle.dtype)], [handle.id], 1)[0]!
}

/** The handle under a tensor of tfjs; values that still lie in JavaScript are uploaded. */
export function handleOf(backend: Backend, tensor: Tensor): Handle {
  const [id] = backend.getInputTensorIds([tensor])
  return hold(backend.binding, { id: id!, shape: tensor.shape, dtype: typeOf(backend, tensor) })
}

/** A tensor's type as TensorFlow has it: images of bytes are int32 to tfjs and uint8 here. */
function typeOf(backend: Backend, tensor: Tensor): number {
  const { tensorMap } = backend as unknown as { tensorMap: { get(data: DataId): { dtype: number } } }
  return tensorMap.get(tensor.dataId).dtype
}

/** A new binding whose calls are `calls` where these have them, and the old one's else. */
export function wrapBinding(binding: Binding, calls: Partial<Binding>): Binding {
  const wrapped = Object.create(binding) as Binding // the native object's own properties cannot be written
  for (const [name, value] of Object.entries(calls)) Object.defineProperty(wrapped, name, { value })
  return wrapped
}
