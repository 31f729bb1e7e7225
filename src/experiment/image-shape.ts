import type { ImageStage, ImagesSpec, ImageViews } from './image-spec.ts'

/** A square image of side × side pixels, [side][side][channels]. */
export interface ImageShape {
  readonly side: number
  readonly channels: number
}

const RESOLUTION = 7

/** Of the images that views are made of. */
export function imageShape({ resolution = RESOLUTION, channels = 1 }: ImagesSpec): ImageShape {
  return { side: resolution, channels }
}

/** What is done to the images, first to last. */
export function stagesOf(views: ImageViews): readonly ImageStage[] {
  return views.kind === 'chain' ? views.stages : [views]
}

/** What a stage makes of views of a shape. */
export function shapeAfter(stage: ImageStage, shape: ImageShape): ImageShape {
  return stage.kind === 'crop' ? { ...shape, side: stage.size } : shape
}

/** Of x and y. */
export function viewShape(data: ImagesSpec): ImageShape {
  return stagesOf(data.views).reduce((shape, stage) => shapeAfter(stage, shape), imageShape(data))
}

/** Numbers in an image of a shape. */
export function entriesOf({ side, channels }: ImageShape): number {
  return side ** 2 * channels
}

/** How far apart the images behind x and y are in their set: 0 where both show the same. */
export function lagOf(views: ImageViews): number {
  const [first] = stagesOf(views)
  return first?.kind === 'temporal' ? (first.lag ?? 1) : 0
}

/** Whether the images behind x and y must have one label. */
export function keepsToClass(views: ImageViews): boolean {
  const [first] = stagesOf(views)
  return first?.kind === 'temporal' && first.within === 'class'
}

/** Whether entries of x are set to 0, and stay so, which y may have: what a loss on masked pixels needs. */
export function hidesPixels(views: ImageViews): boolean {
  const stages = stagesOf(views)
  const lastMask = stages.findLastIndex(
    (stage) => stage.kind === 'block-mask' || (stage.kind === 'pixel-mask' && stage.keep < 1),
  )
  return lastMask > stages.findLastIndex(({ kind }) => kind === 'noise')
}
