import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  type Attribute,
  type Backend,
  type Binding,
  DTYPE,
  type Handle,
  handleOf,
  hold,
  typeAttribute,
} from './binding.ts'

/** Handles by the names of what they are. */
export type Handles = ReadonlyMap<string, Handle>

/** Inputs up to this many bytes are copied once, larger ones are shared with the caller. */
const SMALL = 2 ** 20

/** Handles of the tensors that a step changes, each in memory of its own. */
export function stateHandles(backend: Backend, tensors: Readonly<Record<string, Tensor>>): Handles {
  return mapped(tensors, (tensor) => ownHandle(backend, tensor))
}

/** Handles of tensors that are read. What is large is not copied: tfjs has done so when it uploaded it. */
export function inputHandles(backend: Backend, tensors: Readonly<Record<string, Tensor>>): Handles {
  return mapped(tensors, (tensor) => inputHandle(backend, tensor))
}

/** The handle of one input. */
export function inputHandle(backend: Backend, tensor: Tensor): Handle {
  return tensor.size * 4 <= SMALL ? ownHandle(backend, tensor) : handleOf(backend, tensor)
}

/** The handle of a copy of a tensor. */
export function ownHandle(backend: Backend, tensor: Tensor): Handle {
  return own(backend.binding, handleOf(backend, tensor))
}

/** Handles of tensors, on the same memory. */
export function handlesOf(backend: Backend, tensors: Readonly<Record<string, Tensor>>): Handles {
  return mapped(tensors, (tensor) => handleOf(backend, tensor))
}

/**
 * A copy in TensorFlow's own memory, in place of the handle that is given. TensorFlow may share small arrays with
 * JavaScript, which must be let go on JavaScript's thread; the last to hold an argument of a loop can be a thread
 * of the pool. The product with 1 has the same bits.
 */
function own(binding: Binding, handle: Handle): Handle {
  const { dtype, id } = handle
  const factor =
    dtype === DTYPE.float32 ? Float32Array.of(1) : dtype === DTYPE.int32 ? Int32Array.of(1) : null
  if (factor === null && dtype !== DTYPE.bool) return handle
  const other = factor === null ? id : binding.createTensor([], dtype, factor)
  const [name, attributes] = factor === null ? ['LogicalAnd', []] : ['Mul', [typeAttribute('T', dtype)]]
  const copy = binding.executeOp(name as string, attributes as Attribute[], [id, other], 1)[0]!
  for (const used of new Set([id, other])) binding.deleteTensor(used)
  return copy
}

function mapped(tensors: Readonly<Record<string, Tensor>>, make: (tensor: Tensor) => Handle): Handles {
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, make(tensor)]))
}

/** Second handles of the same tensors. */
export function holdAll(binding: Binding, handles: Handles): Handles {
  return new Map([...handles].map(([name, handle]) => [name, hold(binding, handle)]))
}

/** Frees the handles. */
export function freeAll(binding: Binding, handles: Handles): void {
  for (const { id } of handles.values()) binding.deleteTensor(id)
}

/** A whole number as a tensor: of a step, or how many. */
export function wholeHandle(binding: Binding, number: number): Handle {
  return wholesHandle(binding, [number], [])
}

/** 53 bits of a seed as two words. */
export function seedHandle(binding: Binding, seed: number): Handle {
  return wholesHandle(binding, [seed, Math.floor(seed / 2 ** 32)], [2])
}

function wholesHandle(binding: Binding, numbers: readonly number[], shape: readonly number[]): Handle {
  const id = binding.createTensor(shape, DTYPE.int32, Int32Array.from(numbers))
  return own(binding, { id, dtype: DTYPE.int32, shape })
}
