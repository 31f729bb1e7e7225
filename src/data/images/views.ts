import { type ImageShape, lagOf, shapeAfter, stagesOf } from '../../experiment/image-shape.ts'
import type { ImageViews, StillStage } from '../../experiment/image-spec.ts'
import type { Moments } from '../../experiment/measurement.ts'
import type { BatchKey } from '../batch.ts'
import { blockMaskStage } from './stages/block-mask.ts'
import { cropStage } from './stages/crop.ts'
import { flipStage } from './stages/flip.ts'
import { noiseStage } from './stages/noise.ts'
import { maskStage } from './stages/pixel-mask.ts'
import { type OpenStage, type Stage, streamOffset, type Views } from './stages/stage.ts'

/**
 * Two views of an image z drawn from the set, or of z and the image that comes `lag` later: one stage after the other. Moments
 * are empirical over the images and exact over the views' own randomness; `draw` draws from that very population.
 */
export interface ViewPair {
  /** How far apart in the set the images behind x and y are. */
  readonly lag: number
  /** What is done to them, first to last. */
  readonly stages: readonly OpenStage[]
  /** Moments are worked out when they are asked for. */
  moments(): Moments
  /** Fresh views of images z, with `later` behind y (z itself without lag): [rows][entries of an image] → [rows][d]. */
  draw(z: Float64Array, later: Float64Array, at: BatchKey): Views
}

/**
 * The population and the sampler of a pair of views.
 *
 * @param shape of the images
 * @param bare moments of z and `later`, which of large images take long and are asked for where they are needed alone
 */
export function openViews(views: ImageViews, shape: ImageShape, bare: () => Moments): ViewPair {
  const stages: OpenStage[] = []
  let [before, seen] = [shape, bare]
  for (const spec of stagesOf(views)) {
    if (spec.kind === 'temporal') continue
    const given = seen
    const stage = { spec, shape: before, ...openStage(spec, before, given, streamOffset(stages.length)) }
    stages.push(stage)
    seen = () => stage.moments(given())
    before = shapeAfter(spec, before)
  }
  return {
    lag: lagOf(views),
    stages,
    moments: seen,
    draw: (z, later, at) =>
      stages.reduce<Views>(({ x, y }, stage) => stage.draw(x, y, at), { x: z, y: later }),
  }
}

function openStage(spec: StillStage, shape: ImageShape, given: () => Moments, streams: number): Stage {
  switch (spec.kind) {
    case 'noise':
      return noiseStage(spec, shape, given, streams)
    case 'pixel-mask':
      return maskStage(spec, shape.channels, streams)
    case 'block-mask':
      return blockMaskStage(spec, shape, streams)
    case 'crop':
      return cropStage(spec.size, shape, streams)
    case 'flip':
      return flipStage(spec, shape, streams)
  }
}
