import type { FieldFault } from './failure.ts'
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

/** What no worker could run as it was asked: each fault names the field to change. */
export function engineFaults(spec: ResolvedSpec): FieldFault[] {
  const { engine, device, training } = spec
  const faults: FieldFault[] = []
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })
  const inFloat64 = training.precision === 'float64'
  const alone = training.mode === 'flow' ? 'flow' : 'float64'
  if (engine === 'lanes') refuse('/engine', 'Engine lanes is not in this build; ask for auto.')
  if (engine === 'tensorflow' && inFloat64) {
    refuse('/engine', `Engine tensorflow computes in float32 and has no ${alone}; ask for auto or reference.`)
  }
  if (device === 'cuda' && (engine === 'reference' || inFloat64)) {
    const why = engine === 'reference' ? 'engine reference computes' : `${alone} is computed`
    refuse('/device', `On device cuda there is nothing to run here: ${why} on the CPU; ask for device auto.`)
  }
  return faults
}
