import type { Objective } from '../experiment/spec.ts'
import { checkDepth } from './mode.ts'

/**
 * One feature from an unbalanced start: decoder v₀ and layer gains w_a₀ of their own (docs/theory.md §7).
 *
 *   v' = −r w̄,  w_a' = −v r Π_{b≠a} w_b,  r_JEPA = σ² w̄ (v − ρ),  r_MAE = σ² (v w̄ − ρ)
 *
 * Both flows keep c_a = v² − w_a², so the start chooses a point on a line of fixed points.
 *   JEPA  the line is v = ρ at any w, so w_a² → ρ² − c_a. It is out of reach, and w̄ → 0 (collapse, algebraically
 *         slowly) with v² → max c_a, where v₀ has ρ's sign and max c_a ≥ ρ², or the other sign and max c_a ≥ 0.
 *   MAE   the line is v w̄ = ρ: the function is pinned and only its split between v and w̄ moves. No collapse,
 *         unless the two smallest gains are equal in size and v w̄ starts on the wrong side of 0 (a saddle).
 * The balanced start is c_a = 0. Steps in docs/derivations/unbalanced.md.
 */
export interface UnbalancedStart {
  readonly rho: number
  readonly decoder: number // v₀
  readonly layers: readonly number[] // w_a₀, [depth]
}

/** Where the flow ends: |w̄|, v, and whether the feature is lost (w̄ → 0). */
export interface UnbalancedEnd {
  readonly amplitude: number
  readonly decoder: number
  readonly collapsed: boolean
}

/** The limit t → ∞ of the flow from an unbalanced start. */
export function unbalancedEnd(objective: Objective, start: UnbalancedStart): UnbalancedEnd {
  checkDepth(start.layers.length)
  return objective === 'jepa' ? jepaEnd(start) : maeEnd(start)
}

function jepaEnd({ rho, decoder, layers }: UnbalancedStart): UnbalancedEnd {
  if (layers.includes(0)) return { amplitude: 0, decoder, collapsed: true } // w̄ = 0: nothing moves
  const conserved = layers.map((w) => decoder ** 2 - w ** 2)
  const largest = Math.max(...conserved)
  const opposed = decoder * rho < 0
  if (largest >= (opposed ? 0 : rho ** 2)) {
    const end = Math.sqrt(Math.max(largest, 0))
    return { amplitude: 0, decoder: decoder < 0 ? -end : end, collapsed: true }
  }
  const amplitude = conserved.reduce((product, c) => product * Math.sqrt(rho ** 2 - c), 1)
  return { amplitude, decoder: rho, collapsed: false }
}

/**
 * |v w̄| = |ρ| fixes s = v² by s Π (s − c_a) = ρ². A product that starts with the wrong sign passes through 0
 * where the smallest gain does, and that gain alone changes its sign.
 */
function maeEnd({ rho, decoder, layers }: UnbalancedStart): UnbalancedEnd {
  const conserved = layers.map((w) => decoder ** 2 - w ** 2)
  const floor = Math.max(0, ...conserved) // the s at which the smallest gain is 0
  const sizes = [decoder ** 2, ...layers.map((w) => w ** 2)].sort((a, b) => a - b)
  const encoder = layers.reduce((product, w) => product * w, 1)
  const stuck = rho === 0 || (decoder * encoder * rho <= 0 && sizes[0] === sizes[1])
  const square = floor + (stuck ? 0 : excessOf(rho, conserved, floor))
  const amplitude = conserved.reduce((product, c) => product * Math.sqrt(square - c), 1)
  const sign = decoder ** 2 === sizes[0] && !stuck ? Math.sign(rho * encoder) : Math.sign(decoder)
  return { amplitude, decoder: sign * Math.sqrt(square), collapsed: amplitude === 0 }
}

/** x > 0 with (floor + x) Π (floor − c_a + x) = ρ², by bisection: the left side rises from 0. */
function excessOf(rho: number, conserved: readonly number[], floor: number): number {
  const left = (x: number) => conserved.reduce((product, c) => product * (floor - c + x), floor + x)
  let [low, high] = [0, Math.abs(rho) ** (2 / (conserved.length + 1))] // every factor is at least x
  for (let halving = 0; halving < 200; halving++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (left(middle) < rho ** 2) low = middle
    else high = middle
  }
  return high
}

/**
 * The share of features that JEPA loses from small Gaussian weights, by the scalar picture: v₀ < 0 (one half)
 * and not the smallest of L + 1 gains, L/(2(L + 1)). Matrices couple the features, so training only
 * resembles it.
 */
export function gaussianCollapseShare(depth: number): number {
  checkDepth(depth)
  return depth / (2 * (depth + 1))
}
