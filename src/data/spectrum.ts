import { type Matrix, zeros } from '../experiment/matrix.ts'
import type { Moments, Spectrum } from '../experiment/measurement.ts'
import {
  column,
  combine,
  eigenvalues,
  frobenius,
  identity,
  multiply,
  product,
  scaleColumns,
  selectColumns,
  symmetricEigen,
  symmetrize,
  transpose,
} from './linear-algebra.ts'

/**
 * The features of a pair of views (docs/theory.md §1, §7; arXiv 2407.03475).
 *
 *   S q = ρ Sxx q, S = (Syx + Syx')/2, |q| = 1;   σ² = q'Sxx q, λ = q'Syx q, ρ = λ/σ², σ_y² = q'Syy q
 *
 * sorted by falling ρ. With Sxx = E diag(e) E' and B = E diag(e)^(−1/2) on the directions in which x
 * varies, ρ are the eigenvalues of B'SB and q = Bv. Directions without variance (e below 1e-10 of the
 * largest) are kept, so that there are always d features: they come last with σ² = λ = ρ = 0.
 * Features of equal ρ are the eigenvectors of Sxx among themselves, by falling σ²: so where Sxx and
 * Syx commute, q_i is their common eigenvector. The largest component of each q is positive.
 */

/** Eigenvalues of Sxx below this part of the largest count as no variance. */
const NO_VARIANCE = 1e-10
/** Two ρ closer than this part of the largest |ρ| count as equal. */
const EQUAL_RHO = 1e-8
/** Syx counts as symmetric below this asymmetry: rounding only. */
const SYMMETRIC = 1e-12

/** The spectrum of views that share no basis known beforehand. */
export function spectrumOf(moments: Moments): Spectrum {
  const { Sxx, Syx } = moments
  const found = findDirections(Sxx, symmetrize(Syx))
  const directions = fixSigns(found.directions)
  const along = (s: Matrix) => quadraticForms(s, directions)
  const sigma2 = along(Sxx)
  const lambda = along(Syx)
  for (let i = found.rank; i < sigma2.length; i++) sigma2[i] = lambda[i] = 0
  const rho = regressionsOf(lambda, sigma2)
  const { commutator, asymmetry } = noncommutation(Sxx, Syx)
  const generalized = asymmetry < SYMMETRIC ? [...rho] : regressionSpectrum(Sxx, Syx)
  return {
    directions,
    sigma2,
    lambda,
    rho,
    sigmaY2: along(moments.Syy),
    ...(generalized === null ? {} : { generalizedRho: generalized.sort((a, b) => b - a) }),
    commutator,
    asymmetry,
  }
}

/**
 * How far two moments are from the theory's setting: |[Sxx,Syx]|/(|Sxx||Syx|) and |Syx − Syx'|/|Syx|
 * in Frobenius norms, no unit; 0 where Syx is 0.
 */
export function noncommutation(Sxx: Matrix, Syx: Matrix): { commutator: number; asymmetry: number } {
  const size = frobenius(Syx)
  if (size === 0) return { commutator: 0, asymmetry: 0 }
  const bracket = combine(1, multiply(Sxx, Syx), -1, multiply(Syx, Sxx))
  return {
    commutator: frobenius(bracket) / (frobenius(Sxx) * size),
    asymmetry: frobenius(combine(1, Syx, -1, transpose(Syx))) / size,
  }
}

/** Features whose basis is known: column i of `directions` carries σ²_i, λ_i and σ_y²_i. */
export function commonSpectrum(
  directions: Matrix,
  { sigma2, lambda, sigmaY2 }: { sigma2: number[]; lambda: number[]; sigmaY2: number[] },
): { moments: Moments; spectrum: Spectrum } {
  const found = [...lambda]
  const rho = regressionsOf(found, sigma2)
  const back = transpose(directions)
  const build = (values: number[]) => multiply(scaleColumns(directions, values), back)
  return {
    moments: { Sxx: build(sigma2), Syx: build(lambda), Syy: build(sigmaY2) },
    spectrum: { directions, sigma2, lambda: found, rho, sigmaY2, commutator: 0, asymmetry: 0 },
  }
}

/** ρ = λ/σ². Where it is below the least double, λ becomes 0 as well: theory takes no covariance without a ρ. */
function regressionsOf(lambda: number[], sigma2: readonly number[]): number[] {
  const rho = lambda.map((l, i) => (sigma2[i] === 0 ? 0 : l / sigma2[i]!))
  for (const [i, r] of rho.entries()) if (r === 0) lambda[i] = 0
  return rho
}

/** q'Sq for each column q of Q. */
function quadraticForms(s: Matrix, directions: Matrix): number[] {
  const image = multiply(s, directions)
  return Array.from({ length: directions.cols }, (_, j) => {
    const q = column(directions, j)
    return column(image, j).reduce((sum, x, k) => sum + x * q[k]!, 0)
  })
}

/** Unit vectors q as columns, [d][d]: by falling ρ, then those without variance. */
function findDirections(Sxx: Matrix, S: Matrix): { directions: Matrix; rank: number } {
  const { values, vectors } = symmetricEigen(Sxx)
  const rank = values.filter((e) => e > NO_VARIANCE * Math.max(values[0]!, 0)).length
  const all = values.map((_, i) => i)
  const whitening = scaleColumns(
    selectColumns(vectors, all.slice(0, rank)),
    values.slice(0, rank).map((e) => 1 / Math.sqrt(e)),
  )
  if (rank === 0) return { directions: identity(values.length), rank }
  const whitened = symmetricEigen(product(transpose(whitening), S, whitening))
  const found = separate(normalizeColumns(multiply(whitening, whitened.vectors)), whitened.values, Sxx)
  return { directions: joinColumns(found, selectColumns(vectors, all.slice(rank))), rank }
}

/** Turns each group of columns of equal ρ into the eigenvectors of Sxx within their span. */
function separate(directions: Matrix, rho: readonly number[], Sxx: Matrix): Matrix {
  const near = EQUAL_RHO * Math.max(...rho.map(Math.abs), Number.MIN_VALUE)
  const groups: number[][] = []
  for (let i = 0; i < rho.length; i++) {
    const last = groups.at(-1)
    if (last && rho[last.at(-1)!]! - rho[i]! <= near) last.push(i)
    else groups.push([i])
  }
  const parts = groups.map((group) => {
    const span = selectColumns(directions, group)
    if (group.length === 1) return span
    const gram = symmetricEigen(multiply(transpose(span), span))
    const basis = scaleColumns(
      multiply(span, gram.vectors),
      gram.values.map((g) => 1 / Math.sqrt(g)),
    )
    return multiply(basis, symmetricEigen(product(transpose(basis), Sxx, basis)).vectors)
  })
  return parts.reduce(joinColumns)
}

/** Eigenvalues of M = Syx Sxx⁺, or null where one is complex: then the modes turn and leave the theory. */
function regressionSpectrum(Sxx: Matrix, Syx: Matrix): number[] | null {
  const { values, vectors } = symmetricEigen(Sxx)
  const inverse = values.map((e) => (e > NO_VARIANCE * values[0]! ? 1 / e : 0))
  const found = eigenvalues(product(Syx, scaleColumns(vectors, inverse), transpose(vectors)))
  const largest = Math.max(...found.map((e) => Math.hypot(e.real, e.imaginary)))
  // A double real eigenvalue splits into a complex pair of size √rounding.
  return found.some((e) => Math.abs(e.imaginary) > 1e-7 * largest) ? null : found.map((e) => e.real)
}

function normalizeColumns(a: Matrix): Matrix {
  const lengths = Array.from({ length: a.cols }, (_, j) => Math.hypot(...column(a, j)))
  return scaleColumns(
    a,
    lengths.map((length) => 1 / length),
  )
}

function fixSigns(a: Matrix): Matrix {
  const signs = Array.from({ length: a.cols }, (_, j) => {
    const q = column(a, j)
    const largest = q.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    // The first of components that are equal to rounding, so that the sign is stable.
    return Math.sign(q.find((x) => Math.abs(x) >= largest * (1 - 1e-9)) ?? 1)
  })
  return scaleColumns(a, signs)
}

function joinColumns(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, a.cols + b.cols)
  for (let i = 0; i < a.rows; i++) {
    out.data.set(a.data.subarray(i * a.cols, (i + 1) * a.cols), i * out.cols)
    out.data.set(b.data.subarray(i * b.cols, (i + 1) * b.cols), i * out.cols + a.cols)
  }
  return out
}
