import { factors } from './factors.ts'
import type { Generator, NonlinearSpec } from './generator.ts'
import { hierarchical } from './hierarchical.ts'
import { mixing } from './mixing.ts'

/** The generator of a spec without faults: a function of the spec alone. */
export function generatorOf(data: NonlinearSpec): Generator {
  if (data.family === 'mixing') return mixing(data)
  if (data.family === 'hierarchical') return hierarchical(data)
  return factors(data)
}

/** d, whatever faults the spec has. */
export function dimensionOf(data: NonlinearSpec): number {
  if (data.family === 'mixing') return data.dimension ?? data.lambda.length
  if (data.family === 'factors') return (data.size ?? 16) ** 2 * (data.channels ?? 1)
  const { branching = 2, channels = 4, lambda } = data
  return channels * branching ** (lambda.length - 1)
}
