import type { Binding, Handle } from './binding.ts'
import type { Loop } from './loop.ts'
import { type Operation, readOperations } from './operations.ts'
import type { StepArguments } from './step.ts'

let operations: ((name: string) => Operation | undefined) | undefined

/** The operations of the library in this process, read once (10 ms). */
export function operationsOf(binding: Binding): (name: string) => Operation | undefined {
  operations ??= readOperations(binding.operations())
  return operations
}

/** Adds a loop's functions to TensorFlow: all of them, or none. */
export function addFunctions(binding: Binding, { definitions }: Loop): void {
  const added: string[] = []
  try {
    for (const { name, bytes } of definitions) {
      binding.addFunction(bytes)
      added.push(name)
    }
  } catch (error) {
    for (const name of added.reverse()) binding.removeFunction(name)
    throw error
  }
}

/** Frees a loop's functions and the kernels that were made of them. */
export function removeFunctions(binding: Binding, { definitions }: Loop): void {
  for (const { name } of [...definitions].reverse()) binding.removeFunction(name)
}

/** The tensor that a loop's argument stands for: `seed`, `state.*` or `inputs.*`. */
export function argumentOf(given: Omit<StepArguments, 'step'>, argument: string): Handle {
  if (argument === 'seed') return given.seed
  const dot = argument.indexOf('.')
  const tensors = argument.slice(0, dot) === 'state' ? given.state : given.inputs
  return tensors.get(argument.slice(dot + 1))!
}
