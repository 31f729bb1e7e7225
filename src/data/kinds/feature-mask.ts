import { maskBatch, masked, normalBatch } from '../batch.ts'
import { diagonalKind } from '../diagonal-kind.ts'
import { STREAMS } from '../philox.ts'

/**
 * Features hidden at random (docs/theory.md §5): z ~ N(0, α), x = m ∘ z, y = m' ∘ z with independent
 * masks that keep feature i with probability q_i, or y = z where the target is full.
 *
 *   independent: σ² = qα, λ = q²α, ρ = q, σ_y² = qα        full: σ² = qα, λ = qα, ρ = 1, σ_y² = α
 *
 * x is not Gaussian: kurtosis 3/q.
 */
export const featureMask = diagonalKind<'feature-mask'>({
  lists: ({ alpha, keep }) => ({ alpha, keep }),

  moments({ alpha, keep, target }) {
    const kept = alpha.map((a, i) => keep[i]! * a)
    if (target === 'full') return { sigma2: kept, lambda: [...kept], sigmaY2: [...alpha] }
    return { sigma2: kept, lambda: alpha.map((a, i) => keep[i]! ** 2 * a), sigmaY2: [...kept] }
  },

  sampler({ alpha, keep, target }, seed) {
    const spread = alpha.map(Math.sqrt)
    return {
      draw(step, rows) {
        const at = { seed, step, rows }
        const z = normalBatch(at, STREAMS.latent, alpha.length, spread)
        const x = masked(z, maskBatch(at, STREAMS.xMask, keep))
        return { x, y: target === 'full' ? z : masked(z, maskBatch(at, STREAMS.yMask, keep)) }
      },
    }
  },
})
