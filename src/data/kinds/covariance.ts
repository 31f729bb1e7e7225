import type { DataOfKind } from '../../experiment/data-spec.ts'
import type { FieldFault } from '../../experiment/failure.ts'
import { fromRows, type Matrix, zeros } from '../../experiment/matrix.ts'
import type { Moments } from '../../experiment/measurement.ts'
import { applyFactor, factorOf, normalBatch } from '../batch.ts'
import { covarianceFaults, negativeEigenvalue, rounded, shapeFaults } from '../checks.ts'
import type { Kind } from '../kind.ts'
import { symmetrize } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import type { Sampler } from '../sampler.ts'
import { spectrumOf } from '../spectrum.ts'

/**
 * A Gaussian pair of given moments, commuting or not (docs/theory.md §7). A joint law exists where
 * [[Sxx, Syx'], [Syx, Syy]] is positive semidefinite (to 1e-10 of its trace).
 */
export const covariance: Kind<'covariance'> = {
  features: (data) => data.Sxx.length,

  faults(data) {
    const d = data.Sxx.length
    const square = { rows: d, cols: d }
    const shapes = [
      ...shapeFaults('Sxx', data.Sxx, square),
      ...shapeFaults('Syx', data.Syx, square),
      ...(data.Syy ? shapeFaults('Syy', data.Syy, square) : []),
    ]
    if (shapes.length > 0) return shapes
    const faults = [
      ...covarianceFaults('Sxx', data.Sxx),
      ...(data.Syy ? covarianceFaults('Syy', data.Syy) : []),
    ]
    return faults.length > 0 ? faults : jointFaults(momentsOf(data))
  },

  open(data) {
    const moments = momentsOf(data)
    return {
      features: data.Sxx.length,
      moments,
      spectrum: spectrumOf(moments),
      sampler: (seed) => jointSampler(seed, moments),
    }
  },
}

function momentsOf(data: DataOfKind<'covariance'>): Moments {
  const Sxx = symmetrize(fromRows(data.Sxx))
  return { Sxx, Syx: fromRows(data.Syx), Syy: data.Syy ? symmetrize(fromRows(data.Syy)) : Sxx }
}

function jointFaults(moments: Moments): FieldFault[] {
  if (moments.Sxx.data.every((x) => x === 0)) {
    return [{ pointer: '/data/Sxx', message: 'Sxx is zero, so there is nothing to see; give a covariance.' }]
  }
  const least = negativeEigenvalue(jointCovariance(moments))
  if (least === null) return []
  const message = `The joint covariance of x and y has the eigenvalue ${rounded(least)}, so no such pair exists; lower Syx or raise Syy.`
  return [{ pointer: '/data/Syx', message }]
}

/** [[Sxx, Syx'], [Syx, Syy]], [2d][2d]. */
function jointCovariance({ Sxx, Syx, Syy }: Moments): Matrix {
  const d = Sxx.rows
  const joint = zeros(2 * d, 2 * d)
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      joint.data[i * 2 * d + j] = Sxx.data[i * d + j]!
      joint.data[(d + i) * 2 * d + j] = Syx.data[i * d + j]!
      joint.data[j * 2 * d + d + i] = Syx.data[i * d + j]!
      joint.data[(d + i) * 2 * d + d + j] = Syy.data[i * d + j]!
    }
  }
  return joint
}

/** Gaussian pairs of the given moments: (x, y) = F g, F F' the joint covariance. */
function jointSampler(seed: number, moments: Moments): Sampler {
  const d = moments.Sxx.rows
  const shape = applyFactor(factorOf(jointCovariance(moments)))
  return {
    draw(step, rows) {
      const both = shape(normalBatch({ seed, step, rows }, STREAMS.latent, 2 * d))
      const x = new Float64Array(rows * d)
      const y = new Float64Array(rows * d)
      for (let r = 0; r < rows; r++) {
        x.set(both.subarray(2 * r * d, (2 * r + 1) * d), r * d)
        y.set(both.subarray((2 * r + 1) * d, (2 * r + 2) * d), r * d)
      }
      return { x, y }
    },
  }
}
