import type { Moments } from '../../src/experiment/measurement.ts'
import type { Layout } from '../models/parameters.ts'
import { multiply } from './multiply.ts'

/**
 * Loss and gradient of deep linear JEPA and MAE from second moments, in float64, without allocation.
 *
 * With W̄ = Wᴸ…W¹, P = V W̄ and the moments of a population or of a batch (arXiv 2407.03475,
 * docs/theory.md §1):
 *
 *   JEPA  loss = ½E|V W̄ x − SG(W̄ y)|²   R = V W̄ Sxx − W̄ Syx
 *   MAE   loss = ½E|V W̄ x − y|²          R = V W̄ Sxx − Syx
 *   dV = R W̄'      dWᵃ = (V Wᴸ…Wᵃ⁺¹)' R (Wᵃ⁻¹…W¹)'
 *
 * SG is the stop-gradient: JEPA's target W̄ y is a constant of the step, so no term of dWᵃ runs through it.
 * 3L + 2 matrix products a gradient.
 */
export class Gradient {
  readonly layout: Layout
  readonly #products: Float64Array[] // [L] products[a] = Wᵃ⁺¹…W¹ [w][d]; the first stays unused, it is W¹ itself
  readonly #weighted: Float64Array // W̄ Sxx [w][d]
  readonly #target: Float64Array // W̄ Syx [w][d]
  readonly #residual: Float64Array // R [outputs][d]
  readonly #back: [Float64Array, Float64Array] // (V Wᴸ…Wᵃ⁺¹)' R [w][d], two to take turns

  constructor(layout: Layout) {
    const wd = layout.width * layout.features
    this.layout = layout
    this.#products = layout.layers.map((_, a) => new Float64Array(a === 0 ? 0 : wd))
    this.#weighted = new Float64Array(wd)
    this.#target = new Float64Array(wd)
    this.#residual = new Float64Array(layout.outputs * layout.features)
    this.#back = [new Float64Array(wd), new Float64Array(wd)]
  }

  /** W̄ of θ, [w][d] from index 0 of the array returned: a view that the next call overwrites. */
  product(theta: Float64Array): Float64Array {
    const { depth, layers, width: w, features: d } = this.layout
    for (let a = 1; a < depth; a++) {
      multiply(this.#products[a]!, 0, w, d, w, theta, layers[a]!, w, 1, this.#upTo(theta, a), 0, d, 1)
    }
    return this.#upTo(theta, depth)
  }

  /** Writes ∂loss/∂θ at θ into `out`, [layout.size]. */
  evaluate(theta: Float64Array, { Sxx, Syx }: Pick<Moments, 'Sxx' | 'Syx'>, out: Float64Array): void {
    const { objective, decoder, outputs: o, width: w, features: d } = this.layout
    const product = this.product(theta)
    const residual = this.#residual
    multiply(this.#weighted, 0, w, d, d, product, 0, d, 1, Sxx.data, 0, d, 1)
    multiply(residual, 0, o, d, w, theta, decoder, w, 1, this.#weighted, 0, d, 1)
    let target = Syx.data
    if (objective === 'jepa') {
      target = this.#target
      multiply(target, 0, w, d, d, product, 0, d, 1, Syx.data, 0, d, 1)
    }
    for (let i = 0; i < residual.length; i++) residual[i] = residual[i]! - target[i]!
    multiply(out, decoder, o, w, d, residual, 0, d, 1, product, 0, 1, d)
    this.#backward(theta, out)
  }

  /** dWᵃ from R, last layer first. */
  #backward(theta: Float64Array, out: Float64Array): void {
    const { depth, layers, decoder, outputs: o, width: w, features: d } = this.layout
    let [now, next] = this.#back
    multiply(now, 0, w, d, o, theta, decoder, 1, w, this.#residual, 0, d, 1)
    for (let a = depth - 1; a >= 1; a--) {
      multiply(out, layers[a]!, w, w, d, now, 0, d, 1, this.#upTo(theta, a), 0, 1, d)
      multiply(next, 0, w, d, w, theta, layers[a]!, 1, w, now, 0, d, 1)
      const spare = now
      now = next
      next = spare
    }
    for (let i = 0; i < w * d; i++) out[i] = now[i]!
  }

  /** The loss at θ, target included; with a population's moments, the population loss. */
  loss(theta: Float64Array, { Sxx, Syx, Syy }: Moments): number {
    const { objective, decoder, outputs: o, width: w, features: d } = this.layout
    const product = this.product(theta)
    const [left, right] = [new Float64Array(o * d), new Float64Array(Math.max(o, w) * d)]
    multiply(left, 0, o, d, w, theta, decoder, w, 1, product, 0, d, 1) // P = V W̄
    multiply(right, 0, o, d, d, left, 0, d, 1, Sxx.data, 0, d, 1)
    const square = dot(left, right, o * d) // tr(P Sxx P')
    if (objective === 'mae') {
      let spread = 0 // tr Syy
      for (let i = 0; i < d; i++) spread += Syy.data[i * d + i]!
      return 0.5 * (square - 2 * dot(left, Syx.data, d * d) + spread)
    }
    multiply(right, 0, w, d, d, product, 0, d, 1, Syx.data, 0, d, 1)
    const cross = dot(left, right, w * d) // tr(P Syx' W̄')
    multiply(right, 0, w, d, d, product, 0, d, 1, Syy.data, 0, d, 1)
    return 0.5 * (square - 2 * cross + dot(product, right, w * d))
  }

  /** Wᵃ…W¹ [w][d], 1 ≤ a ≤ L, as `product` left it. W¹ lies at the start of θ, so it needs no copy. */
  #upTo(theta: Float64Array, a: number): Float64Array {
    return a === 1 ? theta : this.#products[a - 1]!
  }
}

function dot(a: Float64Array, b: Float64Array, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += a[i]! * b[i]!
  return sum
}
