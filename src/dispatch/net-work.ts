import { blockNumbers } from '../data/images/stages/block-mask.ts'
import { isGaussian } from '../experiment/data-spec.ts'
import { entriesOf, imageShape, shapeAfter, stagesOf } from '../experiment/image-shape.ts'
import type { ImagesSpec } from '../experiment/image-spec.ts'
import { inputShape } from '../experiment/input-shape.ts'
import { type Layer, netLayers, sizeOf } from '../experiment/net-layers.ts'
import type { NetSpec } from '../experiment/resolve.ts'
import type { Work } from './estimate.ts'
import { FIXED_BYTES, type MemoryPart, TENSORFLOW } from './memory.ts'

/** Measured on one core of a 2-core server with AVX-512 (docs/models.md). */
const START_SECONDS = 1.5
const PER_STEP = 15e-6 // a step's own, whatever its size
const PER_OPERATION = 2e-6
const OPERATIONS_OF_LAYER = 6 // forwards, backwards and its weights' update
const FLOPS = { dense: 2e11, convolution: 1e11 } as const // a second
const PER_ENTRY = { inStep: 6e-9, fed: 50e-9 } as const // a drawn number of x or y
const PER_LOOK = 2e-3 // probes of a representation of 64 numbers; they grow with its square
const FLOAT = 4
const WEIGHT_COPIES = 8 // weights, gradient, moments, compensation, and the next of them
const ACTIVATION_COPIES = 4 // of each layer: before and after norm and activation, and the slopes
const TABLE_COPIES = 2 // here and in TensorFlow
const BLOCK_COPIES = 2 // as they are drawn, and while it is found what any of them covers
/** Held-out samples that are encoded at each measurement point (workers/probes). */
const HELD_OUT = 4096
/** In the largest set that is at hand; others tell when they are opened. */
const IMAGES = 70_000
/** Batches that are fed at once (workers/engines/tensorflow/nets/feed.ts), twice. */
const FED_BYTES = 64e6

/** Of a net's memory, what a process takes whatever it trains and what is fed: once for runs that train together. */
export const SHARED_BYTES = FIXED_BYTES + TENSORFLOW + FED_BYTES
/** A run's time among others of its shape over its time alone, at most: 0.4 for MLPs of width 64, 0.7 for convolutions. */
export const SHARE_AMONG_OTHERS = 0.7

/**
 * Estimates a run of a net from its layers.
 *
 * @param features d
 * @param images in the set, where it is known
 */
export function estimateNet(spec: NetSpec, features: number, images?: number): Work {
  const { steps, batchSize = 0 } = spec.training
  const { encoder, head } = layersOf(spec, features)
  // A gradient is twice a forward pass; JEPA's target is one more without.
  const passes = spec.objective === 'jepa' ? 4 : 3
  const perSample = (of: (layer: Layer) => number) => passes * sum(encoder, of) + 3 * sum(head, of)
  const flops = batchSize * perSample(flopsOf)
  const layers = encoder.length + head.length
  const drawn = 2 * batchSize * features * PER_ENTRY[drawsInStep(spec) ? 'inStep' : 'fed']
  const computed = batchSize * perSample(secondsOf)
  const perStep = PER_STEP + layers * OPERATIONS_OF_LAYER * PER_OPERATION + computed + drawn
  const perLook = HELD_OUT * sum(encoder, secondsOf) + PER_LOOK * (1 + (spec.model.outputs / 64) ** 2)
  const memoryBytes = netMemory(spec, features, images).reduce((total, { bytes }) => total + bytes, 0)
  return {
    memoryBytes,
    steps,
    seconds: START_SECONDS + steps * perStep + spec.measure.points * perLook,
    cost: (steps * flops) / 1e9,
  }
}

/** Whether a step draws its batch itself, or is fed it (workers/engines/tensorflow/nets/sources/open-source.ts). */
function drawsInStep({ data }: NetSpec): boolean {
  if (data.kind === 'images') return true
  return data.kind === 'nonlinear' ? data.samples === undefined : isGaussian(data)
}

function secondsOf(layer: Layer): number {
  return flopsOf(layer) / FLOPS[layer.kind === 'dense' ? 'dense' : 'convolution']
}

/** An upper estimate of what the worker of a net holds, in parts. */
export function netMemory(spec: NetSpec, features: number, count = IMAGES): MemoryPart[] {
  const { batchSize = 0 } = spec.training
  const { encoder, head } = layersOf(spec, features)
  const all = [...encoder, ...head]
  const weights = sum(all, weightsOf)
  const activations = sum(all, ({ to }) => (typeof to === 'number' ? to : sizeOf(to)))
  const held = Math.max(...encoder.map(({ to }) => (typeof to === 'number' ? to : sizeOf(to))))
  const { data } = spec
  const images = data.kind === 'images' ? 2 * (data.limit ?? count) * entriesOf(imageShape(data)) : 0
  const blocks = data.kind === 'images' ? blocksIn(data) : { kept: 0, drawn: 0 }
  const sides = spec.objective === 'jepa' ? 2 : 1
  return [
    { pointer: '/model', bytes: FIXED_BYTES + TENSORFLOW + WEIGHT_COPIES * weights * FLOAT },
    {
      pointer: '/training/batchSize',
      bytes:
        batchSize *
        (sides * ACTIVATION_COPIES * activations + 4 * features + BLOCK_COPIES * blocks.drawn) *
        FLOAT,
    },
    {
      pointer: images > 0 ? '/data/limit' : '/data',
      bytes: FED_BYTES + (4 * HELD_OUT * (features + held) + images + TABLE_COPIES * blocks.kept) * FLOAT,
    },
    { pointer: '/measure/points', bytes: spec.measure.points * 1024 * 8 },
  ]
}

/** Numbers of the blocks of all stages: of every place, and of those that one pair of views is drawn. */
function blocksIn(data: ImagesSpec): { kept: number; drawn: number } {
  let shape = imageShape(data)
  const all = { kept: 0, drawn: 0 }
  for (const stage of stagesOf(data.views)) {
    const { kept, drawn } = stage.kind === 'block-mask' ? blockNumbers(stage, shape) : { kept: 0, drawn: 0 }
    all.kept += kept
    all.drawn += drawn
    shape = shapeAfter(stage, shape)
  }
  return all
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
