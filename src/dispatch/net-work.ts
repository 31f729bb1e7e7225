import { inputShape } from '../experiment/input-shape.ts'
import { type Layer, netLayers, sizeOf } from '../experiment/net-layers.ts'
import type { NetSpec } from '../experiment/resolve.ts'
import type { Work } from './estimate.ts'
import { FIXED_BYTES, type MemoryPart, TENSORFLOW } from './memory.ts'

/** Measured on one core of a 2-core server with AVX-512 (docs/models.md). */
const START_SECONDS = 1.5
const PER_STEP = 15e-6 // a step's own, whatever its size
const PER_OPERATION = 2e-6
const OPERATIONS_OF_LAYER = 14 // forwards, backwards and its weights' update
const FLOPS = 2.5e10 // a second
const PER_SAMPLE_ENTRY = 0.05e-6 // a drawn number of x or y
const FLOAT = 4
const WEIGHT_COPIES = 8 // weights, gradient, moments, compensation, and the next of them
const ACTIVATION_COPIES = 4 // of each layer: before and after norm and activation, and the slopes
/** Held-out samples that are encoded at each measurement point (workers/probes). */
const HELD_OUT = 4096
/** In the largest set that is at hand; others tell when they are opened. */
const IMAGES = 70_000
/** Batches that are fed at once (workers/engines/tensorflow/feed.ts). */
const FED_BYTES = 64e6

/** Estimates a run of a net from its layers. @param features d */
export function estimateNet(spec: NetSpec, features: number): Work {
  const { steps, batchSize = 0 } = spec.training
  const { encoder, head } = layersOf(spec, features)
  const forward = sum(encoder, flopsOf)
  // A gradient is twice a forward pass; JEPA's target is one more without.
  const perSample = 3 * (forward + sum(head, flopsOf)) + (spec.objective === 'jepa' ? forward : 0)
  const flops = batchSize * perSample
  const layers = encoder.length + head.length
  const drawn = 2 * batchSize * features * PER_SAMPLE_ENTRY
  const perStep = PER_STEP + layers * OPERATIONS_OF_LAYER * PER_OPERATION + flops / FLOPS + drawn
  const memoryBytes = netMemory(spec, features).reduce((total, { bytes }) => total + bytes, 0)
  return { memoryBytes, steps, seconds: START_SECONDS + steps * perStep, cost: (steps * flops) / 1e9 }
}

/** An upper estimate of what the worker of a net holds, in parts. */
export function netMemory(spec: NetSpec, features: number): MemoryPart[] {
  const { batchSize = 0 } = spec.training
  const { encoder, head } = layersOf(spec, features)
  const all = [...encoder, ...head]
  const weights = sum(all, weightsOf)
  const activations = sum(all, ({ to }) => (typeof to === 'number' ? to : sizeOf(to)))
  const held = Math.max(...encoder.map(({ to }) => (typeof to === 'number' ? to : sizeOf(to))))
  const images = spec.data.kind === 'images' ? 2 * (spec.data.limit ?? IMAGES) * features : 0
  const sides = spec.objective === 'jepa' ? 2 : 1
  return [
    { pointer: '/model', bytes: FIXED_BYTES + TENSORFLOW + WEIGHT_COPIES * weights * FLOAT },
    {
      pointer: '/training/batchSize',
      bytes: batchSize * (sides * ACTIVATION_COPIES * activations + 4 * features) * FLOAT,
    },
    {
      pointer: images > 0 ? '/data/limit' : '/data',
      bytes: FED_BYTES + (4 * HELD_OUT * (features + held) + images) * FLOAT,
    },
    { pointer: '/measure/points', bytes: spec.measure.points * 1024 * 8 },
  ]
}

function layersOf({ model, data, objective }: NetSpec, features: number) {
  return netLayers(model, inputShape(data, features), objective)
}

const sum = (layers: readonly Layer[], of: (layer: Layer) => number) =>
  layers.reduce((total, layer) => total + of(layer), 0)

function weightsOf(layer: Layer): number {
  if (layer.kind === 'dense') return (layer.from + 3) * layer.to
  if (layer.kind === 'convolution' || layer.kind === 'transposed') {
    const [from, to] = [layer.from[2], layer.to[2]]
    return (layer.kernel ** 2 + (layer.skip === 'projection' ? 1 : 0)) * from * to + 3 * to
  }
  return 0
}

/** Of one sample, forwards. */
function flopsOf(layer: Layer): number {
  if (layer.kind === 'dense') return 2 * layer.from * layer.to
  if (layer.kind !== 'convolution' && layer.kind !== 'transposed') return 0
  const positions = Math.min(layer.from[0] * layer.from[1], layer.to[0] * layer.to[1])
  const skip = layer.skip === 'projection' ? 1 : 0
  return 2 * positions * (layer.kernel ** 2 + skip) * layer.from[2] * layer.to[2]
}
