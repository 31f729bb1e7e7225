import type { Matrix } from '../../../src/experiment/matrix.ts'
import { symmetricEigenvalues } from './eigenvalues.ts'

/**
 * RankMe (Garrido et al., 2023, arXiv 2210.02885): e to the entropy of the singular values σ of the representation H [n][k],
 *
 *   exp(−Σ p ln p),  p = σ/Σσ + 10⁻⁷
 *
 * H as it is, not about its mean. The σ² are the eigenvalues of H'H, in float64 of float32 numbers; 0 where H is 0.
 *
 * @param covariance Σhh [k][k] about the means
 * @param rows n: of more than n singular values the rest is 0 and none of them
 */
export function effectiveRank(covariance: Matrix, means: Float64Array, rows: number): number {
  const k = covariance.rows
  const second = Float64Array.from(covariance.data)
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) second[i * k + j] = second[i * k + j]! + means[i]! * means[j]!
  }
  const values = symmetricEigenvalues({ rows: k, cols: k, data: second }).subarray(-Math.min(rows, k))
  const singular = values.map((value) => Math.sqrt(Math.max(0, value)))
  const total = singular.reduce((sum, value) => sum + value, 0)
  if (total === 0) return 0
  const entropy = singular.reduce((sum, value) => {
    const p = value / total + 1e-7
    return sum - p * Math.log(p)
  }, 0)
  return Math.exp(entropy)
}
