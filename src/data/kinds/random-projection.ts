import { normalBatch } from '../batch.ts'
import { diagonalKind } from '../diagonal-kind.ts'
import { STREAMS } from '../philox.ts'

/**
 * Two random windows on one latent (docs/theory.md §5): z ~ N(0, α) in R^d, x = Pz, y = P'z with
 * independent orthogonal projections on Haar-random subspaces of dimension m = rank.
 *
 *   λ = (m/d)² α,   σ² = σ_y² = c1 α + c2 Σα,   c2 = m(d − m)/(d(d + 2)(d − 1)),   c1 = (m/d)² − 2c2/d + c2
 *
 * Drawn exactly, in O(d) instead of O(dm²): with B = z'Pz/|z|² the part of z inside the subspace,
 * Pz = Bz + √(B(1 − B)) |z| u where u is a unit vector orthogonal to z. P's law is unchanged by the
 * rotations that fix z, so u is uniform and independent of B; and B ~ Beta(m/2, (d − m)/2), the share
 * of m out of d squared normals.
 */
export const randomProjection = diagonalKind<'random-projection'>({
  lists: ({ alpha }) => ({ alpha }),

  rules({ alpha, rank }) {
    if (rank <= alpha.length) return []
    const message = `The rank ${rank} is above the ${alpha.length} features; a projection keeps at most ${alpha.length}.`
    return [{ pointer: '/data/rank', message }]
  },

  moments({ alpha, rank }) {
    const d = alpha.length
    const share = (rank / d) ** 2
    const c2 = rank === d ? 0 : (rank * (d - rank)) / (d * (d + 2) * (d - 1))
    const c1 = share - (2 * c2) / d + c2
    const total = alpha.reduce((sum, a) => sum + a)
    const sigma2 = alpha.map((a) => c1 * a + c2 * total)
    return { sigma2, lambda: alpha.map((a) => share * a), sigmaY2: [...sigma2] }
  },

  sampler({ alpha, rank }, seed) {
    const d = alpha.length
    const spread = alpha.map(Math.sqrt)
    return {
      draw(step, rows) {
        const at = { seed, step, rows }
        const z = normalBatch(at, STREAMS.latent, d, spread)
        if (rank === d) return { x: z, y: z.slice() }
        const view = (stream: number) => {
          const random = normalBatch(at, stream, 2 * d)
          const out = new Float64Array(z.length)
          for (let r = 0; r < rows; r++) {
            projectRow(
              z.subarray(r * d, (r + 1) * d),
              random.subarray(2 * r * d, 2 * (r + 1) * d),
              rank,
              out,
              r * d,
            )
          }
          return out
        }
        return { x: view(STREAMS.xNoise), y: view(STREAMS.yNoise) }
      },
    }
  },
})

/** Writes Pz to out[from …]; `random` holds 2d normals: d for B, d for u. */
function projectRow(
  z: Float64Array,
  random: Float64Array,
  rank: number,
  out: Float64Array,
  from: number,
): void {
  const d = z.length
  let inside = 0
  let all = 0
  let z2 = 0
  let along = 0
  for (let i = 0; i < d; i++) {
    all += random[i]! ** 2
    if (i < rank) inside += random[i]! ** 2
    z2 += z[i]! ** 2
    along += random[d + i]! * z[i]!
  }
  const share = inside / all
  let u2 = 0
  for (let i = 0; i < d; i++) u2 += (random[d + i]! - (along / z2) * z[i]!) ** 2
  const length = Math.sqrt((share * (1 - share) * z2) / u2)
  for (let i = 0; i < d; i++) out[from + i] = share * z[i]! + length * (random[d + i]! - (along / z2) * z[i]!)
}
