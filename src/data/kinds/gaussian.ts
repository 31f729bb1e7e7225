import type { DataOfKind } from '../../experiment/data-spec.ts'
import type { FieldFault } from '../../experiment/failure.ts'
import { lengthFaults, rangeFaults, rounded } from '../checks.ts'
import { gaussianSampler } from '../gaussian-sampler.ts'
import { haarOrthogonal } from '../haar.ts'
import type { Kind } from '../kind.ts'
import { identity } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import { commonSpectrum } from '../spectrum.ts'

/**
 * The theory's own setting (docs/theory.md §1): Gaussian x and y whose moments share the basis Q,
 *
 *   Sxx = Q diag(σ²) Q',  Syx = Q diag(λ) Q',  Syy = Q diag(σ_y²) Q',   σ² = λ/ρ,  σ_y² = σ²·max(1, ρ²) unless given.
 *
 * A joint law exists where λ² ≤ σ²σ_y², that is λρ ≤ σ_y²; ρ > 1 needs σ_y² > σ².
 */
export const gaussian: Kind<'gaussian'> = {
  features: (data) => data.lambda.length,

  faults(data) {
    const lengths = lengthFaults({ lambda: data.lambda, rho: data.rho, sigmaY2: data.sigmaY2 })
    if (lengths.length > 0) return lengths
    const signs = signFaults(data)
    if (signs.length > 0) return signs
    const { sigma2, sigmaY2 } = variances(data)
    const ranges = [...rangeFaults('λ/ρ', sigma2, 'rho', true), ...rangeFaults('σ_y²', sigmaY2, 'rho', false)]
    return ranges.length > 0 ? ranges : correlationFaults(data)
  },

  open(data) {
    const d = data.lambda.length
    const directions =
      data.rotation?.kind === 'haar'
        ? haarOrthogonal(d, data.rotation.seed ?? 0, STREAMS.rotation)
        : identity(d)
    const population = commonSpectrum(directions, { ...variances(data), lambda: data.lambda })
    return {
      features: d,
      ...population,
      sampler: (seed) => gaussianSampler(seed, population.spectrum),
    }
  },
}

function variances({ lambda, rho, sigmaY2 }: DataOfKind<'gaussian'>) {
  const sigma2 = lambda.map((l, i) => l / rho[i]!)
  return { sigma2, sigmaY2: sigmaY2 ?? sigma2.map((s, i) => s * Math.max(1, rho[i]! ** 2)) }
}

function signFaults({ lambda, rho }: DataOfKind<'gaussian'>): FieldFault[] {
  return lambda.flatMap((l, i) => {
    if (l !== 0 && Math.sign(l) === Math.sign(rho[i]!)) return []
    if (l === 0) {
      return [
        {
          pointer: `/data/lambda/${i}`,
          message: `Feature ${i} has λ = 0, so its variance λ/ρ is not defined; leave it out, or give it as kind covariance.`,
        },
      ]
    }
    return [
      {
        pointer: `/data/rho/${i}`,
        message: `Feature ${i} has λ = ${l} and ρ = ${rho[i]}, so its variance λ/ρ would not be positive; give both the same sign.`,
      },
    ]
  })
}

function correlationFaults(data: DataOfKind<'gaussian'>): FieldFault[] {
  const { sigma2, sigmaY2 } = variances(data)
  return data.lambda.flatMap((l, i) => {
    const bound = sigma2[i]! * sigmaY2[i]!
    if (l * data.rho[i]! <= sigmaY2[i]! * (1 + 1e-12)) return [] // rounding only
    return [
      {
        pointer: `/data/lambda/${i}`,
        message: `Feature ${i} has λ² = ${rounded(l * l)} above σ²σ_y² = ${rounded(bound)} (λ = ${l}, σ² = λ/ρ = ${rounded(sigma2[i]!)}, σ_y² = ${sigmaY2[i]}); raise sigmaY2 to ${l * data.rho[i]!} or more, or lower λ.`,
      },
    ]
  })
}
