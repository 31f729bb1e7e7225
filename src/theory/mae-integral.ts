/**
 * The integral that MAE's critical times need (docs/theory.md §3), with m = L + 1:
 *
 *   G(v) = ∫₀ᵛ s/(1 − s^m) ds = Σ_{k≥0} v^(2+km)/(2+km)                                        (1)
 *        = −(1/m) Σ_{j<m} [cos 2θ_j ½ ln(1 − 2v cos θ_j + v²) − sin 2θ_j atan2(v sin θ_j, 1 − v cos θ_j)]   (2)
 *
 * with θ_j = 2πj/m, from the partial fractions over the m-th roots of unity. The term j = 0 of (2) is
 * −(1/m) ln(1 − v), whose argument cancels near v = 1, so the caller passes ln(1 − v).
 * Steps in docs/derivations/critical-times.md.
 */

/**
 * G(v) for 0 < v < 1.
 *
 * @param logGap ln(1 − v), from a form that does not cancel
 */
export function maeIntegral(v: number, logGap: number, depth: number): number {
  const m = depth + 1
  return v <= 0.5 ? series(v, m) : rootSum(v, m) - logGap / m
}

function series(v: number, m: number): number {
  const ratio = v ** m
  let term = v * v
  let sum = 0
  for (let power = 2; ; power += m) {
    const next = sum + term / power
    if (!(next > sum)) return next
    sum = next
    term *= ratio
  }
}

/** (2) without its term j = 0. Terms j and m − j are the same, and that of θ = π has a closed form. */
function rootSum(v: number, m: number): number {
  let sum = 0
  for (const { cosine, sine, halfSine2, cosine2, sine2 } of rootsOf(m)) {
    // 1 − 2v cos θ + v² = (1 − v)² + 4v sin²(θ/2): no cancellation at small θ
    const square = (1 - v) ** 2 + 4 * v * halfSine2
    sum += cosine2 * Math.log(square) - 2 * sine2 * Math.atan2(v * sine, 1 - v * cosine)
  }
  if (m % 2 === 0) sum += Math.log1p(v)
  return -sum / m
}

/** Of the angles θ between 0 and π: cos θ, sin θ, sin²(θ/2), cos 2θ, sin 2θ. */
interface Root {
  readonly cosine: number
  readonly sine: number
  readonly halfSine2: number
  readonly cosine2: number
  readonly sine2: number
}

const ROOTS = new Map<number, readonly Root[]>()

function rootsOf(m: number): readonly Root[] {
  const known = ROOTS.get(m)
  if (known !== undefined) return known
  const roots = Array.from({ length: Math.ceil(m / 2) - 1 }, (_, k) => {
    const theta = (2 * Math.PI * (k + 1)) / m
    return {
      cosine: Math.cos(theta),
      sine: Math.sin(theta),
      halfSine2: Math.sin(theta / 2) ** 2,
      cosine2: Math.cos(2 * theta),
      sine2: Math.sin(2 * theta),
    }
  })
  ROOTS.set(m, roots)
  return roots
}
