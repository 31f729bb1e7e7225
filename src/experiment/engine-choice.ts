import type { FieldFault } from './failure.ts'
import type { LinearSpec, ResolvedSpec } from './resolve.ts'
import { multipliesInFloat32 } from './training-spec.ts'

/** The largest width at which the reference engine is faster than TensorFlow (bench/engine-crossover.ts, docs/engines.md). */
export const REFERENCE_WIDTH = 40

/** The largest shape that the lanes kernels take (native/lanes/lanes.h). Features are never more than the width. */
export const LANES_LIMITS = { depth: 8, width: 1024 } as const

/**
 * The largest width at which lanes trains by samples faster than TensorFlow: JavaScript forms the moments of each batch for it,
 * in time that grows with d², and TensorFlow forms them itself (docs/engines.md).
 */
export const SAMPLES_WIDTH = 128

type Asked = Pick<ResolvedSpec, 'engine' | 'device' | 'model' | 'training'>
type AskedLinear = Pick<LinearSpec, 'engine' | 'device' | 'model' | 'training'>

const isLinear = (spec: Asked): spec is AskedLinear => spec.model.kind === 'deep-linear'

/**
 * The engine that a run is meant for: the one asked for, or by speed, which is lanes wherever its kernels take the
 * shape, but for wide runs by samples. Nets are TensorFlow's, int8x3 is lanes'. Workers choose by it and estimates reckon with it.
 */
export function intendedEngine(spec: Asked): ResolvedSpec['engine'] {
  return spec.engine === 'auto' && mayTakeLanes(spec) && !drawsWideSamples(spec)
    ? 'lanes'
    : engineWithoutLanes(spec)
}

/** Whether a run may go to lanes where what it is meant for is not here. */
export function mayTakeLanes(spec: Asked): boolean {
  const { engine, device } = spec
  if (!isLinear(spec)) return false
  if (engineWithoutLanes(spec) === 'lanes') return true
  return engine === 'auto' && device !== 'cuda' && fitsLanes(spec.model)
}

function drawsWideSamples(spec: Asked): boolean {
  if (!isLinear(spec)) return false
  const { model, training } = spec
  const bySamples = training.mode === 'sgd' && training.draws === 'samples'
  return bySamples && multipliesInFloat32(training.precision) && model.width > SAMPLES_WIDTH
}

/**
 * The engine of a run on a worker that has no lanes. A worker without TensorFlow either takes `auto` runs to the reference
 * engine all the same, which alone has `flow` and float64; cuda is TensorFlow's. `lanes` where nothing else has what is asked.
 */
export function engineWithoutLanes(spec: Asked): ResolvedSpec['engine'] {
  const { engine, device, training } = spec
  if (engine !== 'auto') return engine
  if (isLinear(spec) && training.precision === 'int8x3') return 'lanes'
  if (device === 'cuda' || !isLinear(spec)) return 'tensorflow'
  const { model } = spec
  return training.precision === 'float64' || model.width <= REFERENCE_WIDTH ? 'reference' : 'tensorflow'
}

/** What no worker could run as it was asked: each fault names the field to change. */
export function engineFaults(spec: Asked): FieldFault[] {
  const { engine, device, training, model } = spec
  const faults: FieldFault[] = []
  const refuse = (pointer: string, message: string) => faults.push({ pointer, message })
  if (!isLinear(spec)) {
    if (engine === 'reference' || engine === 'lanes') {
      refuse(
        '/engine',
        `Engine ${engine} trains deep-linear models alone, and this one is of kind ${model.kind}; ask for auto.`,
      )
    }
    return faults
  }
  const { precision } = training
  const alone = training.mode === 'flow' ? 'flow' : precision
  if (engine === 'lanes' && !fitsLanes(spec.model)) {
    const { depth, width } = LANES_LIMITS
    refuse(
      '/engine',
      `Engine lanes takes depths up to ${depth} and widths up to ${width}, and this model has ${spec.model.depth} and ${spec.model.width}; ask for auto.`,
    )
  }
  if (engine === 'tensorflow' && !multipliesInFloat32(precision)) {
    refuse('/engine', `Engine tensorflow computes in float32 and has no ${alone}; ask for auto or lanes.`)
  }
  if (engine === 'reference' && precision === 'int8x3') {
    refuse('/engine', `Engine reference computes in float64 and has no ${alone}; ask for auto or lanes.`)
  }
  const onCpu = precision === 'int8x3' || (precision === 'float64' && engine !== 'lanes')
  if (device === 'cuda' && (engine === 'reference' || onCpu)) {
    const why = engine === 'reference' ? 'engine reference computes' : `${alone} is computed`
    refuse('/device', `On device cuda there is nothing to run here: ${why} on the CPU; ask for device auto.`)
  }
  return faults
}

function fitsLanes({ depth, width }: AskedLinear['model']): boolean {
  return depth <= LANES_LIMITS.depth && width <= LANES_LIMITS.width
}
