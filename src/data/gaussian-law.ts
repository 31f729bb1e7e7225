import { type Matrix, zeros } from '../experiment/matrix.ts'
import type { Moments, Spectrum } from '../experiment/measurement.ts'
import {
  combine,
  diagonal,
  frobenius,
  multiply,
  product,
  scaleColumns,
  symmetricEigen,
  transpose,
} from './linear-algebra.ts'

/**
 * A Gaussian pair in orthonormal coordinates in which Sxx is diagonal: with x = Q x̃, y = Q ỹ,
 *
 *   x̃ = σ ∘ g,   ỹ = M x̃ + H h,   g, h ~ N(0, I);   M = S̃yx S̃xx⁻¹,   H H' = S̃yy − M S̃xx M'
 *
 * M is 0 where x̃ does not vary. Where the features diagonalise all three moments they are the coordinates, and M and H are
 * diagonal; else Q holds the eigenvectors of Sxx and H is the symmetric root.
 */
export interface GaussianLaw {
  readonly basis: Matrix // Q [d][d]
  readonly sigma2: Float64Array // [d], ≥ 0
  readonly slope: Matrix // M [d][d]
  readonly noise: Matrix // H [d][d]
  /** Whether M and H are diagonal. */
  readonly isDiagonal: boolean
}

/** What is left of a moment or of Q'Q − I in the features' coordinates, by its size, is rounding below this. */
const ROUNDING = 1e-12
/** Variances below this part of the largest count as none, as in spectrum.ts. */
const NO_VARIANCE = 1e-10

/** The Gaussian law of these moments. */
export function gaussianLaw(moments: Moments, spectrum: Spectrum): GaussianLaw {
  return isCommon(moments, spectrum) ? diagonalLaw(spectrum) : fullLaw(moments)
}

/** Whether the features are orthonormal and diagonalise all moments: S Q = Q diag(s). */
function isCommon({ Sxx, Syx, Syy }: Moments, spectrum: Spectrum): boolean {
  const { directions: Q, sigma2, lambda, sigmaY2 } = spectrum
  const left = (S: Matrix, values: ArrayLike<number>) =>
    frobenius(combine(1, multiply(S, Q), -1, scaleColumns(Q, values))) <= ROUNDING * frobenius(S)
  const ones = new Float64Array(Q.cols).fill(1)
  const gram = multiply(transpose(Q), Q)
  if (frobenius(combine(1, gram, -1, diagonal(ones))) > ROUNDING * Q.cols) return false
  return left(Sxx, sigma2) && left(Syx, lambda) && left(Syy, sigmaY2)
}

function diagonalLaw({ directions, sigma2, lambda, sigmaY2 }: Spectrum): GaussianLaw {
  const slope = lambda.map((l, i) => (sigma2[i]! > 0 ? l / sigma2[i]! : 0))
  const noise = sigmaY2.map((s, i) => Math.sqrt(Math.max(0, s - lambda[i]! * slope[i]!))) // below 0: rounding
  return {
    basis: directions,
    sigma2: Float64Array.from(sigma2),
    slope: diagonal(slope),
    noise: diagonal(noise),
    isDiagonal: true,
  }
}

function fullLaw({ Sxx, Syx, Syy }: Moments): GaussianLaw {
  const { values, vectors } = symmetricEigen(Sxx)
  const sigma2 = Float64Array.from(values, (value) => Math.max(0, value))
  const inverse = sigma2.map((value) => (value > NO_VARIANCE * values[0]! ? 1 / value : 0))
  const turn = (S: Matrix) => product(transpose(vectors), S, vectors)
  const slope = scaleColumns(turn(Syx), inverse)
  const explained = multiply(scaleColumns(slope, sigma2), transpose(slope))
  const noise = symmetricRoot(combine(1, turn(Syy), -1, explained))
  return { basis: vectors, sigma2, slope, noise, isDiagonal: false }
}

/** The symmetric H with H H = S, where negative eigenvalues (rounding) count as 0. */
function symmetricRoot(S: Matrix): Matrix {
  const { values, vectors } = symmetricEigen(S)
  const roots = values.map((value) => Math.sqrt(Math.max(0, value)))
  return roots.some((root) => root > 0)
    ? multiply(scaleColumns(vectors, roots), transpose(vectors))
    : zeros(S.rows, S.cols)
}
