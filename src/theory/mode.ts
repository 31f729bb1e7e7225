/**
 * One feature of the data under one balanced deep linear encoder (docs/theory.md §1, §2).
 *
 *   L  depth, encoder layers only (the decoder is not counted)
 *   λ  covariance of the views along the feature, q'Syx q
 *   ρ  regression coefficient λ/σ² (no unit); σ² = q'Sxx q > 0, so ρ has the sign of λ
 *   ε  scale, the encoder's amplitude w̄ = uᴸ at time 0; each layer starts at u = ε^(1/L)
 *   p  fraction of the fixed point w̄* that counts as learned (of w̄*, not of the layer's u*)
 *
 * Time is flow time t = learning rate × step throughout the room.
 */
export interface Mode {
  readonly depth: number // L, integer ≥ 1
  readonly lambda: number // λ
  readonly rho: number // ρ
  readonly scale: number // ε > 0
  /** σ², read where λ = 0 alone, for there λ/ρ does not tell it; 0 where it is left out. */
  readonly sigma2?: number
}

/** A mode and the level at which it counts as learned. */
export interface Point extends Mode {
  readonly fraction: number // p, between 0 and 1
}

/**
 * Refuses a mode outside the formulas' range: depth not a positive integer, scale not above 0, or ρ
 * without the sign of λ (σ² = λ/ρ would not be positive). λ = 0 goes with any ρ.
 */
export function checkMode(mode: Mode): void {
  checkDepth(mode.depth)
  if (!(mode.scale > 0 && mode.scale < Infinity))
    throw new RangeError(`The scale ${mode.scale} is not above 0.`)
  if (!hasVariance(mode.lambda, mode.rho)) {
    throw new RangeError(`λ = ${mode.lambda} and ρ = ${mode.rho} make the variance λ/ρ not positive.`)
  }
}

/** Refuses a depth that is not an integer of 1 or more. */
export function checkDepth(depth: number): void {
  if (!(Number.isInteger(depth) && depth >= 1)) throw new RangeError(`The depth ${depth} is not 1, 2, 3, …`)
}

/** Refuses a fraction that is not strictly between 0 and 1. */
export function checkFraction(fraction: number): void {
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`The fraction ${fraction} is not between 0 and 1.`)
}

/** Whether some variance σ² > 0 gives both λ and ρ = λ/σ² (λ = 0: nothing to say, so yes). */
export function hasVariance(lambda: number, rho: number): boolean {
  if (!(Number.isFinite(lambda) && Number.isFinite(rho))) return false
  return lambda === 0 || (lambda > 0 ? rho > 0 : rho < 0)
}
