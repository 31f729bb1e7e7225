import type { NetPlan } from '../../engine.ts'
import { type Tensor, type Tfjs, uploaded } from '../tensors.ts'
import type { DeviceSource } from './sources/source.ts'

/** What a program reads at all of its steps: the run's seed, as two words, and the arrays of what it draws from. */
export type Resident = { readonly seed: Tensor } & Readonly<Record<string, Tensor>>

const SOURCE = 'source/'

/** Uploads it for a run. The caller disposes of it. */
export function uploadResident(tf: Tfjs, { spec }: NetPlan, source: DeviceSource | null): Resident {
  const words = Int32Array.of(spec.seed, Math.floor(spec.seed / 2 ** 32))
  const arrays = Object.entries(uploaded(tf, source?.arrays ?? {}))
  const named = Object.fromEntries(arrays.map(([name, tensor]) => [SOURCE + name, tensor]))
  return { seed: tf.tensor1d(words, 'int32'), ...named }
}

/** The arrays of a source among a program's inputs. */
export function sourceArrays(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const found = Object.entries(inputs).filter(([name]) => name.startsWith(SOURCE))
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(SOURCE.length), tensor]))
}
