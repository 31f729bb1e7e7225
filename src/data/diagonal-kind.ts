import type { DataOfKind, DataSpec } from '../experiment/data-spec.ts'
import type { FieldFault } from '../experiment/failure.ts'
import { lengthFaults, rangeFaults } from './checks.ts'
import type { Kind } from './kind.ts'
import { identity } from './linear-algebra.ts'
import type { Sampler } from './sampler.ts'
import { commonSpectrum } from './spectrum.ts'

/** Population numbers per feature: σ² = E[x²], λ = E[xy], σ_y² = E[y²], in the features' own units. */
export interface FeatureMoments {
  readonly sigma2: number[]
  readonly lambda: number[]
  readonly sigmaY2: number[]
}

interface Parts<K extends DataSpec['kind']> {
  /** The lists with one entry per feature; the first gives d and is blamed for numbers out of range. */
  lists(data: DataOfKind<K>): Readonly<Record<string, readonly number[] | undefined>>
  /** Further rules, asked once the lengths agree. */
  rules?(data: DataOfKind<K>): FieldFault[]
  moments(data: DataOfKind<K>): FeatureMoments
  sampler(data: DataOfKind<K>, seed: number): Sampler
}

/** A kind whose features are the coordinates themselves: q_i is the i-th unit vector, index = position in the spec. */
export function diagonalKind<K extends DataSpec['kind']>(parts: Parts<K>): Kind<K> {
  const first = (data: DataOfKind<K>) => Object.entries(parts.lists(data))[0]!
  return {
    features: (data) => first(data)[1]!.length,
    faults(data) {
      const faults = [...lengthFaults(parts.lists(data))]
      if (faults.length === 0) faults.push(...(parts.rules?.(data) ?? []))
      if (faults.length > 0) return faults
      const { sigma2, lambda, sigmaY2 } = parts.moments(data)
      const [name] = first(data)
      return [
        ...rangeFaults('σ²', sigma2, name, true),
        ...rangeFaults('λ', lambda, name, false),
        ...rangeFaults('σ_y²', sigmaY2, name, false),
      ]
    },
    open(data) {
      const features = first(data)[1]!.length
      const population = commonSpectrum(identity(features), parts.moments(data))
      return { features, ...population, sampler: (seed) => parts.sampler(data, seed) }
    },
  }
}
