import type { FieldFault } from './failure.ts'
import { inputShape } from './input-shape.ts'
import type { NetSpec } from './resolve.ts'

/**
 * What a net cannot learn from these data.
 *
 * @param features d, the length of x
 * @param images how many their set holds, where the data are images and can be read
 */
export function shapeFaults(
  { model, data, training }: NetSpec,
  features: number,
  images?: number,
): FieldFault[] {
  const shape = inputShape(data, features)
  const stored = storedSamples(data, images)
  const faults = [...batchFaults(training.batchSize ?? 0, stored), ...heldOutFaults(data, stored)]
  if (model.kind !== 'convolutional') return faults
  if (shape.length !== 3) {
    const message = `Data of kind ${data.kind} are lists of ${features} numbers and no images; use a model of kind mlp, or data of kind images or of the family factors.`
    return [...faults, { pointer: '/model/kind', message }]
  }
  let side = shape[0]!
  for (const [a] of model.channels.entries()) {
    for (const field of ['kernel', 'stride'] as const) {
      if (model[field] <= side) continue
      const message = `The ${field} ${model[field]} is above the ${side} × ${side} positions that convolution ${a} meets; use a smaller one${a === 0 ? '' : ', fewer channels or less stride'}.`
      return [...faults, { pointer: `/model/${field}`, message }]
    }
    side = Math.ceil(side / model.stride)
  }
  return faults
}

/** Samples of a stored set, or null where they are never repeated or nobody knows. */
function storedSamples(
  data: NetSpec['data'],
  images: number | undefined,
): { count: number; pointer: string } | null {
  if (data.kind === 'nonlinear' && data.samples !== undefined) {
    return { count: data.samples, pointer: '/data/samples' }
  }
  if (data.kind !== 'images') return null
  if (data.limit !== undefined) return { count: data.limit, pointer: '/data/limit' }
  return images === undefined ? null : { count: images, pointer: '/data/dataset' }
}

/** Two images at least are held out, and training needs others. */
function heldOutFaults(data: NetSpec['data'], stored: ReturnType<typeof storedSamples>): FieldFault[] {
  if (data.kind !== 'images' || stored === null || stored.count > 2) return []
  const message = `Of ${stored.count} images a net has none left to train on, since 2 are held out; use at least 3.`
  return [{ pointer: stored.pointer, message }]
}

function batchFaults(batchSize: number, stored: ReturnType<typeof storedSamples>): FieldFault[] {
  if (stored === null || batchSize <= stored.count) return []
  const message = `The batch of ${batchSize} is larger than the stored set of ${stored.count} samples (${stored.pointer}); use a batch of at most ${stored.count}.`
  return [{ pointer: '/training/batchSize', message }]
}
