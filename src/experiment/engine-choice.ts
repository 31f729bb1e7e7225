import type { FieldFault } from './failure.ts'
import type { ResolvedSpec } from './resolve.ts'

/** The largest width at which the reference engine is faster than TensorFlow (bench/engine-crossover.ts, docs/engines.md). */
export const REFERENCE_WIDTH = 40

/** The largest shape that the lanes kernels take (native/lanes/lanes.h). Features are never more than the width. */
export const LANES_LIMITS = { depth: 8, width: 1024 } as const

type Asked = Pick<ResolvedSpec, 'engine' | 'device' | 'model' | 'training'>

/**
 * The engine that a run is meant for: the one asked for, or by speed, which is lanes wherever its kernels take the
 * shape. Workers choose by it and estimates reckon with it.
 */
export function intendedEngine(spec: Asked): ResolvedSpec['engine'] {
  const { engine, device, model } = spec
  if (engine === 'auto' && device !== 'cuda' && fitsLanes(model)) return 'lanes'
  return engineWithoutLanes(spec)
}

/**
 * The engine of a run on a worker that has no lanes. A worker without TensorFlow either takes `auto` runs to the reference
 * engine all the same, which alone has `flow` and float64; cuda is TensorFlow's.
 */
export function engineWithoutLanes({ engine, device, model, training }: Asked): ResolvedSpec['engine'] {
  if (engine !== 'auto') return engine
  if (device === 'cuda') return 'tensorflow'
  return training.precision === 'float64' || model.width <= REFERENCE_WIDTH ? 'reference' : 'tensorflow'
}

/** What no worker could run as it was asked: each fault names the field to change. */
export function engineFaults(spec: Asked): FieldFault[] {
  const { engine, device, training, model } = spec
  const faults: FieldFault[] = []
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })
  const inFloat64 = training.precision === 'float64'
  const alone = training.mode === 'flow' ? 'flow' : 'float64'
  if (engine === 'lanes' && !fitsLanes(model)) {
    const { depth, width } = LANES_LIMITS
    refuse(
      '/engine',
      `Engine lanes takes depths up to ${depth} and widths up to ${width}, and this model has ${model.depth} and ${model.width}; ask for auto.`,
    )
  }
  if (engine === 'tensorflow' && inFloat64) {
    refuse('/engine', `Engine tensorflow computes in float32 and has no ${alone}; ask for auto or lanes.`)
  }
  if (device === 'cuda' && (engine === 'reference' || (engine !== 'lanes' && inFloat64))) {
    const why = engine === 'reference' ? 'engine reference computes' : `${alone} is computed`
    refuse('/device', `On device cuda there is nothing to run here: ${why} on the CPU; ask for device auto.`)
  }
  return faults
}

function fitsLanes({ depth, width }: Asked['model']): boolean {
  return depth <= LANES_LIMITS.depth && width <= LANES_LIMITS.width
}
