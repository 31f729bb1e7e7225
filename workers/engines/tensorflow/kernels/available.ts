import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Installation, readInstallation } from '../../../../src/experiment/installation.ts'
import { backendOf } from '../recorder/binding.ts'
import type { Tfjs } from '../tensors.ts'

/** The builds of the kernels, slowest first. */
export type InstructionSet = 'portable' | 'avx2' | 'avx512'

/** Which build of our own operations this process has; `why` it has none. */
export type KernelsFound =
  | { readonly instructionSet: InstructionSet; readonly why: null }
  | { readonly instructionSet: null; readonly why: string }

let found: KernelsFound | undefined

/**
 * Registers our own operations with TensorFlow, once in a process: the fastest build that this CPU runs, or the one that is
 * asked for (every build gives the same bits). Where there is none, functions of this room are made of tfjs's operations.
 */
export function loadKernels(
  tf: Tfjs,
  asked?: InstructionSet,
  installation: Installation = readInstallation(),
): KernelsFound {
  found ??= load(tf, asked, installation)
  return found
}

/** Whether the functions of this room run on our own operations here. */
export function hasKernels(tf: Tfjs): boolean {
  return loadKernels(tf).instructionSet !== null
}

function load(
  tf: Tfjs,
  asked: InstructionSet | undefined,
  { kernels, failures }: Installation,
): KernelsFound {
  const { binding, isUsingGpuDevice } = backendOf(tf)
  if (isUsingGpuDevice) return without('they run on CPUs, and this process computes on a GPU')
  if (typeof binding.loadKernels !== 'function')
    return without('the binding is an older one; run npm run setup')
  if (kernels === null) {
    const { fact, remedy } = failures.kernels ?? { fact: 'They are not built.', remedy: 'Run npm run setup.' }
    return without(`${fact} ${remedy}`)
  }
  const pathOf = (name: string) => join(kernels.folder, `libkernels-${name}.so`)
  const runnable = binding.instructionSets().filter((name) => existsSync(pathOf(name)))
  const name = asked ?? runnable.at(-1)
  if (name === undefined || !runnable.includes(name))
    return without(`${name ?? 'no build'} is not here for this CPU`)
  try {
    binding.loadKernels(pathOf(name))
    return { instructionSet: name as InstructionSet, why: null }
  } catch (error) {
    return without(`they do not load (${(error as Error).message}); run npm run setup`)
  }
}

function without(why: string): KernelsFound {
  return { instructionSet: null, why }
}
