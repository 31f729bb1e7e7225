import type { NamedTensor, NamedTensors } from '../../../../src/experiment/matrix.ts'
import type { NetPlan } from '../../engine.ts'
import { type Tensor, type Tfjs, uploaded } from '../tensors.ts'
import type { DeviceSource } from './sources/source.ts'

/** What a program reads at all of its steps: the runs' seeds, [R][2] words, and the arrays of what they draw from. */
export type Resident = { readonly seed: Tensor } & Readonly<Record<string, Tensor>>

const SOURCE = 'source/'

/**
 * Uploads it for the runs of a batch. The caller disposes of it.
 *
 * @param sources one of each run, or none where batches are fed
 */
export function uploadResident(
  tf: Tfjs,
  plans: readonly NetPlan[],
  sources: readonly DeviceSource[],
): Resident {
  const words = plans.flatMap(({ spec: { seed } }) => [seed | 0, Math.floor(seed / 2 ** 32)])
  const names = Object.keys(sources[0]?.arrays ?? {})
  const arrays = names.map((name) => {
    return [SOURCE + name, together(sources.map((source) => source.arrays[name]!))] as const
  })
  return {
    seed: tf.tensor2d(Int32Array.from(words), [plans.length, 2], 'int32'),
    ...uploaded(tf, Object.fromEntries(arrays)),
  }
}

/** The arrays of a source among a program's inputs. */
export function sourceArrays(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const found = Object.entries(inputs).filter(([name]) => name.startsWith(SOURCE))
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(SOURCE.length), tensor]))
}

/** Arrays of runs, [R][…]; one for all of them, [1][…], where they are the same. */
function together(arrays: readonly NamedTensor[]): NamedTensor {
  const [first] = arrays as readonly [NamedTensor]
  const { shape, data } = first
  if (arrays.every((array) => areSame(array, first))) return { shape: [1, ...shape], data }
  return stacked(arrays)
}

/** Tensors of one shape, [R][…]. */
export function stacked(tensors: readonly NamedTensor[]): NamedTensor {
  const [{ shape, data }] = tensors as readonly [NamedTensor]
  if (tensors.length === 1) return { shape: [1, ...shape], data }
  const all = new Float32Array(tensors.length * data.length)
  for (const [r, tensor] of tensors.entries()) all.set(tensor.data, r * data.length)
  return { shape: [tensors.length, ...shape], data: all }
}

/** Tensors of runs by name. */
export function allStacked(runs: readonly NamedTensors[]): NamedTensors {
  const names = Object.keys(runs[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, stacked(runs.map((run) => run[name]!))]))
}

function areSame(a: NamedTensor, b: NamedTensor): boolean {
  return a.data === b.data || Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

const bytesOf = ({ data }: NamedTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
