import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Backend, type Binding, DTYPE, type Handle, handleOf, hold } from './binding.ts'

/** Handles by the names of what they are. */
export type Handles = ReadonlyMap<string, Handle>

/** Handles of tensors, on the same memory; the tensors stay the caller's. */
export function handlesOf(backend: Backend, tensors: Readonly<Record<string, Tensor>>): Handles {
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, handleOf(backend, tensor)]))
}

/** Second handles of the same tensors. */
export function holdAll(binding: Binding, handles: Handles): Handles {
  return new Map([...handles].map(([name, handle]) => [name, hold(binding, handle)]))
}

/** Frees the handles. */
export function freeAll(binding: Binding, handles: Handles): void {
  for (const { id } of handles.values()) binding.deleteTensor(id)
}

/** The number of a step as a tensor. */
export function stepHandle(binding: Binding, step: number): Handle {
  return wholeHandle(binding, [step], [])
}

/** 53 bits of a seed as two words. */
export function seedHandle(binding: Binding, seed: number): Handle {
  return wholeHandle(binding, [seed, Math.floor(seed / 2 ** 32)], [2])
}

function wholeHandle(binding: Binding, numbers: readonly number[], shape: readonly number[]): Handle {
  const id = binding.createTensor(shape, DTYPE.int32, Int32Array.from(numbers))
  return { id, dtype: DTYPE.int32, shape }
}
