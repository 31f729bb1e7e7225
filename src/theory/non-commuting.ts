import { eigenvalues, multiply, singularValues, symmetricEigen, transpose } from '../data/linear-algebra.ts'
import { ExperimentError } from '../experiment/failure.ts'
import { type Matrix, zeros } from '../experiment/matrix.ts'
import { checkDepth } from './mode.ts'

/**
 * What survives of the theory where Sxx and Syx share no basis (docs/theory.md §7), from the regression of y
 * on x, M = Syx Sxx⁻¹, at full rank and from a small balanced start:
 *
 *   JEPA  V W̄ = W̄ M at the fixed point, so eig(V) = eig(M) = the generalised ρ (Syx' l = ρ Sxx l), and
 *         Π sv(W̄) = |det M|^L, because det V = det M and V'V, W̄ are balanced. The single sv are ρ^L only where
 *         M is symmetric. On the way up W̄ is first of rank one, along the l of the largest ρ.
 *   MAE   V W̄ = M, so sv(W̄) = sv(M)^(L/(L+1)), along M's right-singular vectors.
 *
 * A complex generalised ρ (strong asymmetry) leaves the theory: the modes turn. Steps in
 * docs/derivations/non-commuting.md.
 */
export interface NonCommutingEnd {
  readonly regression: Matrix // M, [d][d]
  /** Eigenvalues of M, falling; null where any is complex. JEPA's decoder ends with these. */
  readonly generalizedRho: readonly number[] | null
  /** sv(M), falling. */
  readonly singularValues: readonly number[]
  /** JEPA's Π sv(W̄) = |det M|^L. */
  readonly jepaProduct: number
  /** MAE's sv(W̄), falling, and the directions (columns, [d][d]) that they belong to. */
  readonly maeSingularValues: readonly number[]
  readonly maeDirections: Matrix
}

const NO_VARIANCE = 1e-10 // smallest over largest eigenvalue of Sxx: below this M means nothing
const REAL = 1e-7 // a double real eigenvalue splits into a complex pair of size √rounding

/**
 * The end of training for two moments of full rank, each [d][d].
 *
 * @throws SPEC_INVALID where x has a direction without variance
 */
export function nonCommutingEnd(Sxx: Matrix, Syx: Matrix, depth: number): NonCommutingEnd {
  checkDepth(depth)
  const regression = regressionOf(Sxx, Syx)
  const { values, v } = singularValues(regression)
  const found = eigenvalues(regression)
  const complex = found.some((e) => Math.abs(e.imaginary) > REAL * values[0]!)
  return {
    regression,
    generalizedRho: complex ? null : found.map((e) => e.real),
    singularValues: values,
    jepaProduct: values.reduce((product, value) => product * value, 1) ** depth,
    maeSingularValues: values.map((value) => value ** (depth / (depth + 1))),
    maeDirections: v,
  }
}

/** M = Syx Sxx⁻¹ by the eigenvectors of Sxx. */
function regressionOf(Sxx: Matrix, Syx: Matrix): Matrix {
  const { values, vectors } = symmetricEigen(Sxx)
  const [largest, smallest] = [values[0]!, values.at(-1)!]
  if (!(smallest > NO_VARIANCE * largest)) {
    const message = `The smallest variance of x is ${smallest} beside ${largest}; drop the directions in which x does not vary.`
    throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer: '/data', message }] })
  }
  const scaled = zeros(vectors.rows, vectors.cols)
  for (let k = 0; k < scaled.data.length; k++) scaled.data[k] = vectors.data[k]! / values[k % vectors.cols]!
  return multiply(Syx, multiply(scaled, transpose(vectors)))
}
