import { added, normalBatch } from '../batch.ts'
import { diagonalKind } from '../diagonal-kind.ts'
import { STREAMS } from '../philox.ts'

/**
 * A slow latent seen through noise, now and `lag` steps later (docs/theory.md §5; arXiv 2407.03475
 * sec. 5, the dynamic model). Per feature, in its stationary law z ~ N(0, α):
 *
 *   z_{t+1} = γ z_t + √(α(1 − γ²)) ξ,   o = z + √ν η,   x = o_t,   y = o_{t+D}
 *   σ² = σ_y² = α + ν,   λ = γ^D α,   ρ = γ^D α/(α + ν)
 *
 * The D steps are taken at once: z_{t+D} = γ^D z_t + √(α(1 − γ^{2D})) ξ has the same law.
 */
export const temporal = diagonalKind<'temporal'>({
  lists: ({ alpha, gamma, nu }) => ({ alpha, gamma, nu }),

  moments({ alpha, gamma, nu, lag = 1 }) {
    const sigma2 = alpha.map((a, i) => a + nu[i]!)
    return { sigma2, lambda: alpha.map((a, i) => a * gamma[i]! ** lag), sigmaY2: [...sigma2] }
  },

  sampler({ alpha, gamma, nu, lag = 1 }, seed) {
    const d = alpha.length
    const spread = alpha.map(Math.sqrt)
    const noise = nu.map(Math.sqrt)
    const decay = gamma.map((g) => g ** lag)
    const fresh = alpha.map((a, i) => Math.sqrt(a * (1 - decay[i]! ** 2)))
    return {
      draw(step, rows) {
        const at = { seed, step, rows }
        const now = normalBatch(at, STREAMS.latent, d, spread)
        const later = normalBatch(at, STREAMS.transition, d, fresh)
        for (let i = 0; i < later.length; i++) later[i] = later[i]! + decay[i % d]! * now[i]!
        return {
          x: added(now, normalBatch(at, STREAMS.xNoise, d, noise)),
          y: added(later, normalBatch(at, STREAMS.yNoise, d, noise)),
        }
      },
    }
  },
})
