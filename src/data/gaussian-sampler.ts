import { type Matrix, zeros } from '../experiment/matrix.ts'
import type { Spectrum } from '../experiment/measurement.ts'
import { multiply, symmetricEigen, transpose } from './linear-algebra.ts'
import { fillNormals } from './normal.ts'
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
  const slope = lambda.map((l, i) => l / sigma[i]!)
  const rest = sigmaY2.map((s, i) => Math.sqrt(Math.max(0, s - slope[i]! ** 2))) // rounding only
  const rotate = rotation(directions)
  return {
    draw(step, rows) {
      const x = drawNormals(seed, STREAMS.latent, step, rows, d)
      const y = drawNormals(seed, STREAMS.yNoise, step, rows, d)
      for (let at = 0; at < x.length; at++) {
        const i = at % d
        const g = x[at]!
        x[at] = sigma[i]! * g
        y[at] = slope[i]! * g + rest[i]! * y[at]!
      }
      return { x: rotate(x, rows), y: rotate(y, rows) }
    },
  }
}

/** [rows][cols] normals; row r holds draws r·cols … of (seed, stream, step), whatever `rows` is. */
export function drawNormals(
  seed: number,
  stream: number,
  step: number,
  rows: number,
  cols: number,
): Float64Array {
  const out = new Float64Array(rows * cols)
  fillNormals(out, { seed, stream, step })
  return out
}

/** Turns each row z of a batch into F z, for a factor F [k][n]: [rows][n] → [rows][k]. */
export function applyFactor(factor: Matrix): (batch: Float64Array, rows: number) => Float64Array {
  const back = transpose(factor)
  return (data, rows) => multiply({ rows, cols: factor.cols, data }, back).data
}

/** F with F F' = S for a symmetric positive semidefinite S, singular or not; S's small negative eigenvalues count as 0. */
export function factorOf(S: Matrix): Matrix {
  const { values, vectors } = symmetricEigen(S)
  const out = zeros(S.rows, S.cols)
  for (let i = 0; i < S.rows; i++) {
    for (let j = 0; j < S.cols; j++) {
      out.data[i * S.cols + j] = vectors.data[i * S.cols + j]! * Math.sqrt(Math.max(0, values[j]!))
    }
  }
  return out
}

function rotation(directions: Matrix): (batch: Float64Array, rows: number) => Float64Array {
  const isIdentity = directions.data.every((x, at) => x === (at % (directions.cols + 1) === 0 ? 1 : 0))
  return isIdentity ? (batch) => batch : applyFactor(directions)
}
