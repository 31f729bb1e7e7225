import type { Matrix } from '../experiment/matrix.ts'
import type { Spectrum } from '../experiment/measurement.ts'
import { applyFactor, normalBatch } from './batch.ts'
import { STREAMS } from './philox.ts'
import type { Sampler } from './sampler.ts'

/**
 * Samples a Gaussian pair feature by feature: with g, h independent standard normals,
 *
 *   x = Q (σ ∘ g),   y = Q (λ/σ ∘ g + √(σ_y² − λ²/σ²) ∘ h).
 */
export function gaussianSampler(seed: number, spectrum: Spectrum): Sampler {
  const { directions, sigma2, lambda, sigmaY2 } = spectrum
  const d = sigma2.length
  const sigma = sigma2.map(Math.sqrt)
  const slope = lambda.map((l, i) => l / sigma2[i]!) // = ρ: y from σg
  const rest = sigmaY2.map((s, i) => Math.sqrt(Math.max(0, s - lambda[i]! * slope[i]!))) // below 0: rounding
  const rotate = rotation(directions)
  return {
    draw(step, rows) {
      const at = { seed, step, rows }
      const x = normalBatch(at, STREAMS.latent, d, sigma)
      const y = normalBatch(at, STREAMS.yNoise, d, rest)
      for (let i = 0; i < x.length; i++) y[i] = slope[i % d]! * x[i]! + y[i]!
      return { x: rotate(x), y: rotate(y) }
    },
  }
}

function rotation(directions: Matrix): (batch: Float64Array) => Float64Array {
  const isIdentity = directions.data.every((x, at) => x === (at % (directions.cols + 1) === 0 ? 1 : 0))
  return isIdentity ? (batch) => batch : applyFactor(directions)
}
