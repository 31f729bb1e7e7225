import type { DataOfKind } from '../../experiment/data-spec.ts'
import type { LatentLaw } from './latent-law.ts'

/** A spec of kind nonlinear, of any family. */
export type NonlinearSpec = DataOfKind<'nonlinear'>

/** Arrays that a generator is made of, by name: enough to draw from it elsewhere (docs/data.md has the formulas). */
export type Parameters = Readonly<Record<string, GeneratorArray>>

/** A dense array, row-major. */
export interface GeneratorArray {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

/** A fixed map g from latents to what is seen, before it is centred and scaled, and the law of the latents. */
export interface Generator {
  readonly names: readonly string[] // [latents]
  readonly law: LatentLaw
  /** Axes of one x: [d], or [height, width, channels]. */
  readonly shape: readonly number[]
  /** What the variances of the entries of x add up to once it is scaled. */
  readonly totalVariance: number
  readonly parameters: Parameters
  /** Products and sums, about, that one view takes. */
  readonly work: number
  /** g of each row, [rows][latents] → [rows][d]. A row's numbers do not depend on the others. */
  render(latents: Float64Array, rows: number): Float64Array
}
