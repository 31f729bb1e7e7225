import type { ResolvedSpec } from './resolve.ts'

/** The largest width at which the reference engine is the faster (bench/engine-crossover.ts, docs/engines.md). */
export const REFERENCE_WIDTH = 40

/**
 * The engine that a run is meant for: the one asked for, or by speed. Workers choose by it and estimates reckon with
 * it. A worker without TensorFlow takes `auto` runs to the reference engine all the same. `flow` and float64 are the
 * reference engine's alone, and cuda is TensorFlow's.
 */
export function intendedEngine({ engine, device, model, training }: ResolvedSpec): ResolvedSpec['engine'] {
  if (engine !== 'auto') return engine
  if (device === 'cuda') return 'tensorflow'
  return training.precision === 'float64' || model.width <= REFERENCE_WIDTH ? 'reference' : 'tensorflow'
}
