import { added, normalBatch } from '../batch.ts'
import { diagonalKind } from '../diagonal-kind.ts'
import { STREAMS } from '../philox.ts'

/**
 * One latent seen twice through noise (docs/theory.md §5; arXiv 2407.03475 sec. 5, the static model):
 * z ~ N(0, α), x = z + n, y = z + n' (or y = z where the target is clean), n, n' ~ N(0, ν) independent.
 *
 *   σ² = α + ν,  λ = α,  ρ = α/(α + ν),  σ_y² = α + ν (clean: α)
 */
export const staticNoise = diagonalKind<'static-noise'>({
  lists: ({ alpha, nu }) => ({ alpha, nu }),

  moments({ alpha, nu, target }) {
    const sum = alpha.map((a, i) => a + nu[i]!)
    return { sigma2: sum, lambda: [...alpha], sigmaY2: target === 'clean' ? [...alpha] : [...sum] }
  },

  sampler({ alpha, nu, target }, seed) {
    const spread = alpha.map(Math.sqrt)
    const noise = nu.map(Math.sqrt)
    return {
      draw(step, rows) {
        const at = { seed, step, rows }
        const z = normalBatch(at, STREAMS.latent, alpha.length, spread)
        const x = added(z, normalBatch(at, STREAMS.xNoise, alpha.length, noise))
        if (target === 'clean') return { x, y: z }
        return { x, y: added(z, normalBatch(at, STREAMS.yNoise, alpha.length, noise)) }
      },
    }
  },
})
