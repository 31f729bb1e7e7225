import type { Weights } from '../../src/experiment/matrix.ts'
import type { Position } from './engine.ts'

/** A run in training, looked at between strides. Owns its memory until `dispose`, which may be called twice. */
export interface Training extends Position {
  /** Why training cannot go on though the limit is not reached, as a sentence; null while it can. */
  readonly broken: string | null
  /**
   * Trains on, never past the limit (a step in descent, a flow time in flow): one accepted integrator
   * step in flow, at most a stride of updates in descent, short enough (0.1 % of the steps so far) that
   * the moments at which amplitudes pass a level can be read between two calls.
   */
  advance(limit: number): void | Promise<void>
  /** |W̄ q_i| of the weights of now, [d]: a view, good until the next advance. */
  amplitudes(): Float64Array | Promise<Float64Array>
  /** The same at the part x of the last advance, 0 < x < 1, where that is known (flow); a view as above. */
  amplitudesInside?(x: number): Float64Array
  /** Population loss at the weights of now (docs/theory.md §1). */
  loss(): number | Promise<number>
  /** A copy of the weights of now. */
  weights(): Weights | Promise<Weights>
  dispose(): void
}
