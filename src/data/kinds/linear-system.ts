import type { DataOfKind } from '../../experiment/data-spec.ts'
import type { FieldFault } from '../../experiment/failure.ts'
import { fromRows, type Matrix } from '../../experiment/matrix.ts'
import { added, applyFactor, factorOf, normalBatch } from '../batch.ts'
import { covarianceFaults, rounded, shapeFaults } from '../checks.ts'
import type { Kind } from '../kind.ts'
import {
  combine,
  eigenvalues,
  frobenius,
  identity,
  multiply,
  product,
  symmetrize,
  transpose,
} from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import { spectrumOf } from '../spectrum.ts'

/**
 * A linear state-space system seen now and D = lag steps later (docs/theory.md §5), in its stationary law:
 *
 *   z_{t+1} = A z_t + w, w ~ N(0, Q);   o = C z + v, v ~ N(0, R);   x = o_t, y = o_{t+D}
 *   P = A P A' + Q,   Sxx = Syy = C P C' + R,   Syx = C A^D P C'
 *
 * A non-normal A makes Syx asymmetric (§7). The D steps are taken at once: z_{t+D} = A^D z_t + w_D with
 * w_D ~ N(0, P − A^D P A^D'), the same law. A must be stable: spectral radius below 1.
 */
export const linearSystem: Kind<'linear-system'> = {
  features: (data) => data.C.length,

  faults(data) {
    const n = data.A.length
    const d = data.C.length
    const shapes = [
      ...shapeFaults('A', data.A, { rows: n, cols: n }),
      ...shapeFaults('C', data.C, { rows: d, cols: n }),
      ...shapeFaults('Q', data.Q, { rows: n, cols: n }),
      ...shapeFaults('R', data.R, { rows: d, cols: d }),
    ]
    if (shapes.length > 0) return shapes
    const faults = [
      ...stabilityFaults(data),
      ...covarianceFaults('Q', data.Q),
      ...covarianceFaults('R', data.R),
    ]
    if (faults.length > 0) return faults
    const { Sxx } = populationOf(data)
    const size = frobenius(Sxx)
    if (Number.isFinite(size) && size > 0) return []
    return [
      {
        pointer: '/data/C',
        message: `The covariance of x has norm ${size}; change C, Q or R so that x varies.`,
      },
    ]
  },

  open(data) {
    const { n, P, later, C, R, Sxx, Syx } = populationOf(data)
    const moments = { Sxx, Syx, Syy: Sxx }
    const start = applyFactor(factorOf(P))
    const carry = applyFactor(later)
    const fresh = applyFactor(factorOf(combine(1, P, -1, product(later, P, transpose(later)))))
    const see = applyFactor(C)
    const noise = applyFactor(factorOf(R))
    return {
      features: C.rows,
      moments,
      spectrum: spectrumOf(moments),
      sampler: (seed) => ({
        draw(step, rows) {
          const at = { seed, step, rows }
          const now = start(normalBatch(at, STREAMS.latent, n))
          const then = added(carry(now), fresh(normalBatch(at, STREAMS.transition, n)))
          return {
            x: added(see(now), noise(normalBatch(at, STREAMS.xNoise, C.rows))),
            y: added(see(then), noise(normalBatch(at, STREAMS.yNoise, C.rows))),
          }
        },
      }),
    }
  },
}

function populationOf(data: DataOfKind<'linear-system'>) {
  const A = fromRows(data.A)
  const C = fromRows(data.C)
  const R = symmetrize(fromRows(data.R))
  const P = stationaryCovariance(A, symmetrize(fromRows(data.Q)))
  const later = power(A, data.lag ?? 1)
  const back = transpose(C)
  const Sxx = symmetrize(combine(1, product(C, P, back), 1, R))
  return { n: A.rows, P, later, C, R, Sxx, Syx: product(C, later, P, back) }
}

/** P = Σ A^k Q A^k' by doubling: each round adds as many terms as there are. A must be stable. */
export function stationaryCovariance(A: Matrix, Q: Matrix): Matrix {
  let P = Q
  let step = A
  // A stable A's powers vanish; 64 rounds are 2^64 terms, beyond any radius that the check lets pass.
  for (let round = 0; round < 64 && frobenius(step) > 0; round++) {
    const more = product(step, P, transpose(step))
    P = combine(1, P, 1, more)
    if (frobenius(more) <= Number.EPSILON * frobenius(P) * 1e-3) break
    step = multiply(step, step)
  }
  return symmetrize(P)
}

/** A^k by squaring. */
function power(A: Matrix, exponent: number): Matrix {
  let result = identity(A.rows)
  let square = A
  for (let k = exponent; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = multiply(result, square)
    if (k > 1) square = multiply(square, square)
  }
  return result
}

function stabilityFaults(data: DataOfKind<'linear-system'>): FieldFault[] {
  const radius = Math.max(...eigenvalues(fromRows(data.A)).map((e) => Math.hypot(e.real, e.imaginary)))
  if (radius < 1 - 1e-9) return []
  const message = `A has spectral radius ${rounded(radius)}, so the system has no stationary law; it must be below 1.`
  return [{ pointer: '/data/A', message }]
}
