import { intendedEngine } from '../experiment/engine-choice.ts'
import type { LinearSpec } from '../experiment/resolve.ts'

/** A part of what a run holds in memory, and the field that decides its size. */
export interface MemoryPart {
  readonly pointer: string
  readonly bytes: number
}

/** Of a run's memory, what a process takes whatever it trains: once for runs that train together. */
export const FIXED_BYTES = 90e6
const PROCESS = FIXED_BYTES // Node with the reference engine, measured
export const TENSORFLOW = 450e6 // more once TensorFlow is loaded, measured
const NUMBER = 8
/**
 * Weight-sized arrays. Flow holds θ, the stages and a trial: seven by order 5, and by order 8 (lanes) twelve and what it
 * looks inside a step with. Descent holds θ, gradient, compensation, momentum and scratch; lanes also what it is handed and hands back.
 */
const COPIES = { flow: 10, 'gradient-descent': 6, sgd: 6 } as const
const LANES_COPIES = { flow: 26, 'gradient-descent': 12, sgd: 12 } as const
/** Rungs that an amplitude passes, at 40 a decade; 16 decades are more than float64 training meets. */
const RUNGS = 640
/** Arrays of d × d for the data: three moments, the directions and the work of the decompositions. */
const MOMENTS = 12
/** Images are read as bytes, and averaged down to float64. Where their number is not known, it is taken for that of the largest usual set. */
const IMAGES = 70_000
const PIXELS = 784

/** An upper estimate of what the worker of a run holds, in parts; for nets that is net-work.ts's. */
export function memoryOf(spec: LinearSpec, features: number, images = IMAGES): MemoryPart[] {
  const { model, training, measure, data, objective } = spec
  const { depth, width } = model
  const weights =
    width * features + (depth - 1) * width ** 2 + width * (objective === 'jepa' ? width : features)
  const engine = intendedEngine(spec)
  const copies = engine === 'lanes' ? LANES_COPIES : COPIES
  const parts = [
    { pointer: '/model', bytes: PROCESS + (engine === 'tensorflow' ? TENSORFLOW : 0) },
    { pointer: '/model/width', bytes: copies[training.mode] * weights * NUMBER },
    { pointer: '/data', bytes: MOMENTS * features ** 2 * NUMBER },
    {
      pointer: '/measure/points',
      bytes: (measure.points * (features + 3) + 2 * RUNGS * features) * 2 * NUMBER,
    },
  ]
  if (training.mode === 'sgd') {
    const rows = training.draws === 'moments' ? 2 * features : (training.batchSize ?? 0)
    parts.push({ pointer: '/training/batchSize', bytes: 4 * rows * features * NUMBER })
  }
  if (data.kind === 'images') {
    const entries = (data.resolution ?? 0) ** 2 * (data.channels ?? 1)
    const pixels = Math.max(PIXELS * (data.channels ?? 1) + entries * NUMBER, 2 * features * NUMBER)
    parts.push({ pointer: '/data/limit', bytes: (data.limit ?? images) * pixels })
  }
  return parts
}
