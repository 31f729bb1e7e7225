import { fromRows } from '../../experiment/matrix.ts'
import { applyFactor, factorOf, normalBatch } from '../batch.ts'
import { covarianceFaults, shapeFaults } from '../checks.ts'
import { maskObstacle, maskStage } from '../images/stages/pixel-mask.ts'
import type { Kind } from '../kind.ts'
import { symmetrize } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import { spectrumOf } from '../spectrum.ts'

/**
 * Correlated pixels hidden at random (docs/theory.md §5): z ~ N(0, C), and x and y are z seen through the masks of
 * images/stages/pixel-mask.ts.
 */
export const pixelMask: Kind<'pixel-mask'> = {
  features: (data) => data.C.length,

  faults(data) {
    const shape = shapeFaults('C', data.C, { rows: data.C.length, cols: data.C.length })
    if (shape.length > 0) return shape
    if (data.C.every((row) => row.every((x) => x === 0))) {
      return [{ pointer: '/data/C', message: 'C is zero, so there is nothing to see; give a covariance.' }]
    }
    const obstacle = maskObstacle(data, data.C.length)
    if (obstacle) return [{ pointer: `/data/${obstacle.field}`, message: obstacle.message }]
    if (data.target === 'complement' && isDiagonal(data.C)) {
      const message =
        'The pixels of C are uncorrelated, so that those of x tell nothing of the others, which y shows (target complement); correlate them, or choose another target.'
      return [{ pointer: '/data/C', message }]
    }
    return covarianceFaults('C', data.C)
  },

  open(data) {
    const C = symmetrize(fromRows(data.C))
    const stage = maskStage(data)
    const moments = stage.moments({ Sxx: C, Syx: C, Syy: C })
    const shape = applyFactor(factorOf(C))
    return {
      features: C.rows,
      moments,
      spectrum: spectrumOf(moments),
      sampler: (seed) => ({
        draw(step, rows) {
          const at = { seed, step, rows }
          const z = shape(normalBatch(at, STREAMS.latent, C.rows))
          return stage.draw(z, z, at)
        },
      }),
    }
  },
}

function isDiagonal(rows: readonly (readonly number[])[]): boolean {
  return rows.every((row, i) => row.every((value, j) => i === j || value === 0))
}
