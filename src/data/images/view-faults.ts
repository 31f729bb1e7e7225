import type { FieldFault } from '../../experiment/failure.ts'
import {
  entriesOf,
  type ImageShape,
  imageShape,
  lagOf,
  shapeAfter,
  stagesOf,
} from '../../experiment/image-shape.ts'
import type { ImageStage, ImagesSpec } from '../../experiment/image-spec.ts'
import type { ImageHeader } from './image-set.ts'
import { fewestPairs, firstsOf } from './pairs.ts'
import { hidesAll } from './stages/block-mask.ts'
import { maskObstacle } from './stages/pixel-mask.ts'

/** Second moments of more entries are not worked out: 1024 take seconds, and their decomposition most of a minute. */
export const MOST_CORRELATED = 1024

/** Noise of a variance above this, against 1 of the images, leaves nothing to learn, and its squares soon leave the numbers. */
const LOUDEST = 1e6

/** What the domain forbids of views, whatever the set is. */
export function viewFaults(data: ImagesSpec): FieldFault[] {
  const faults: FieldFault[] = []
  const bare = imageShape(data)
  let shape = bare
  for (const [s, stage] of stagesOf(data.views).entries()) {
    const pointer = pointerOf(data, s)
    if (stage.kind === 'temporal' && s > 0) {
      const message = 'Views of images that follow each other begin with them; put temporal first.'
      faults.push({ pointer: `${pointer}/kind`, message })
    }
    faults.push(...stageFaults(stage, shape, bare, pointer))
    shape = shapeAfter(stage, shape)
  }
  return faults
}

const pointerOf = ({ views }: ImagesSpec, s: number) =>
  views.kind === 'chain' ? `/data/views/stages/${s}` : '/data/views'

/** @param bare the shape of the images before all stages */
function stageFaults(stage: ImageStage, shape: ImageShape, bare: ImageShape, pointer: string): FieldFault[] {
  const { side } = shape
  if (stage.kind === 'noise' && stage.ramp && stage.power) {
    const message = `Both ramp ${stage.ramp} and power ${stage.power} shape the noise; give one of them.`
    return [{ pointer: `${pointer}/power`, message }]
  }
  if (stage.kind === 'noise' && stage.nu * (1 + (stage.ramp ?? 0)) > LOUDEST) {
    const message = `Noise of the variance ${stage.nu * (1 + (stage.ramp ?? 0))} drowns images of variance 1; use at most ${LOUDEST}.`
    return [{ pointer: `${pointer}/nu`, message }]
  }
  if (stage.kind === 'noise' && stage.power && entriesOf(bare) > MOST_CORRELATED) {
    const message = `Noise of the images' own shape takes the covariance of their ${entriesOf(bare)} entries, which is worked out up to ${MOST_CORRELATED}; leave power out, lower the resolution, or leave channels out.`
    return [{ pointer: `${pointer}/power`, message }]
  }
  if (stage.kind === 'crop' && stage.size > side) {
    const what =
      pointer === '/data/views' ? `the resolution ${side}` : `the ${side} pixels of the side that it meets`
    const message = `The crop size ${stage.size} is above ${what}; cut windows of at most ${side}.`
    return [{ pointer: `${pointer}/size`, message }]
  }
  if (stage.kind === 'pixel-mask') {
    const obstacle = maskObstacle(stage, side ** 2)
    return obstacle ? [{ pointer: `${pointer}/${obstacle.field}`, message: obstacle.message }] : []
  }
  if (stage.kind === 'block-mask' && hidesAll(stage, side)) {
    const message = `Blocks of the area ${stage.size ?? 0.2} cover all ${side} × ${side} pixels, so that nothing is left of the context; lower size, or raise the resolution.`
    return [{ pointer: `${pointer}/size`, message }]
  }
  return []
}

/** What does not fit the set. */
export function sizeFaults(data: ImagesSpec, header: ImageHeader): FieldFault[] {
  const faults: FieldFault[] = []
  const { limit, channels, views } = data
  const resolution = imageShape(data).side
  const side = Math.min(header.height, header.width)
  if (resolution > side) {
    const message = `The resolution ${resolution} is above the ${header.height}×${header.width} pixels of the images; use at most ${side}.`
    faults.push({ pointer: '/data/resolution', message })
  }
  if (channels !== undefined && channels !== header.channels) {
    const remedy = header.channels > 1 ? `use ${header.channels}, or leave` : 'leave'
    const message = `The images have ${header.channels} channel${header.channels === 1 ? '' : 's'}, not ${channels}; ${remedy} channels out to average over them.`
    faults.push({ pointer: '/data/channels', message })
  }
  if (limit !== undefined && limit > header.count) {
    const message = `The limit ${limit} is above the ${header.count} images of the set; leave it out to use all.`
    faults.push({ pointer: '/data/limit', message })
  }
  const count = Math.min(limit ?? header.count, header.count)
  const most = Math.floor((count - fewestPairs(0)) / 3) // of lags that leave enough pairs
  if (lagOf(views) > 0 && lagOf(views) > most) {
    const message = `Images ${lagOf(views)} apart are too few in ${count}; ${most > 0 ? `use a lag of at most ${most}` : 'use more images'}.`
    faults.push({ pointer: `${pointerOf(data, 0)}/lag`, message })
  }
  return faults
}

/** @param labels of the images that are used, which pairs must share */
export function pairFaults(data: ImagesSpec, labels: Uint16Array | null): FieldFault[] {
  const pointer = pointerOf(data, 0)
  if (labels === null) {
    const message =
      'The set has no labels, so that no two images are known to be of one class; leave within out, or add the set with labels or in folders.'
    return [{ pointer: `${pointer}/within`, message }]
  }
  const lag = lagOf(data.views)
  const pairs = firstsOf(labels.length, lag, labels).length
  if (pairs >= fewestPairs(lag)) return []
  const message = `Of ${labels.length} images only ${pairs} have one of their class ${lag} later, and ${fewestPairs(lag)} are needed; use a smaller lag, or leave within out.`
  return [{ pointer: `${pointer}/lag`, message }]
}
