import { entriesOf, type ImageShape } from '../../../experiment/image-shape.ts'
import type { StageOfKind } from '../../../experiment/image-spec.ts'
import { type Matrix, zeros } from '../../../experiment/matrix.ts'
import type { Moments } from '../../../experiment/measurement.ts'
import { masked, uniformBatch } from '../../batch.ts'
import { STREAMS } from '../../philox.ts'
import type { Stage } from './stage.ts'

/**
 * Blocks as in I-JEPA (Assran et al., arXiv 2301.08243, sec. 3): K target blocks b_1 … b_K, each of a shape drawn uniformly from a few
 * and at a place drawn uniformly from those where it fits, and one square context block b_0. All are independent; they are
 * lists of zeros and ones over the pixels.
 *
 *   n = Π_k (1 − b_k)     x ← b_0 n ∘ x,   y ← (1 − n) ∘ y, or y where the target is full
 *
 * With q_i the chance that pixel i is in a target block, q_ij that i and j are in the same one, c_i and c_ij those of the context
 * block, N_ij = (1 − q_i − q_j + q_ij)^K = E[n_i n_j] and N_i = N_ii:
 *
 *   Sxx_ij c_ij N_ij,   Syx_ij c_j (N_j − N_ij) or Syx_ij c_j N_j,   Syy_ij (1 − N_i − N_j + N_ij) or Syy_ij
 *
 * A pixel is hidden with all of its channels.
 */
export type BlockMaskSpec = StageOfKind<'block-mask'>

/** A block's pixels, [rows from top to bottom, columns from left to right]. */
export interface BlockShape {
  readonly height: number
  readonly width: number
}

/** The shapes that blocks have at a resolution. */
export function blockShapes(
  { context = 0.85, size = 0.2, aspects = [0.75, 1, 1.5] }: BlockMaskSpec,
  side: number,
): { readonly context: readonly BlockShape[]; readonly blocks: readonly BlockShape[] } {
  const length = (pixels: number) => Math.min(side, Math.max(1, Math.round(pixels)))
  const shaped = (area: number, aspect: number) => ({
    height: length(side * Math.sqrt(area * aspect)),
    width: length(side * Math.sqrt(area / aspect)),
  })
  return { context: [shaped(context, 1)], blocks: aspects.map((aspect) => shaped(size, aspect)) }
}

/** Places of a shape where it fits. */
const placesOf = ({ height, width }: BlockShape, side: number) => (side - height + 1) * (side - width + 1)

/** Whether every pixel of x is always hidden, which leaves nothing to learn from. */
export function hidesAll(spec: BlockMaskSpec, side: number): boolean {
  const { blocks } = blockShapes(spec, side)
  return blocks.every(({ height, width }) => height === side && width === side)
}

/** How many numbers tell the blocks pixel by pixel: at all of their places, and those of one pair of views. */
export function blockNumbers(spec: BlockMaskSpec, shape: ImageShape): { kept: number; drawn: number } {
  const { context, blocks } = blockShapes(spec, shape.side)
  const places = [...context, ...blocks].reduce((sum, block) => sum + placesOf(block, shape.side), 0)
  return { kept: places * entriesOf(shape), drawn: (spec.blocks ?? 4) * entriesOf(shape) }
}

/** Ones where a block covers, zeros elsewhere, one list of [side][side][channels] for each of its places, row by row. */
export function blocksOf(block: BlockShape, { side, channels }: ImageShape): Float32Array[] {
  return Array.from({ length: placesOf(block, side) }, (_, place) => {
    const covered = new Float32Array(side ** 2 * channels)
    cover(covered, 0, { side, channels }, block, place)
    return covered
  })
}

/** Writes ones into an image that begins at `from` where a block covers it. */
function cover(
  out: Float32Array | Float64Array,
  from: number,
  { side, channels }: ImageShape,
  { height, width }: BlockShape,
  place: number,
): void {
  const across = side - width + 1
  const corner = Math.floor(place / across) * side + (place % across)
  for (let i = 0; i < height; i++) {
    const start = from + (corner + i * side) * channels
    out.fill(1, start, start + width * channels)
  }
}

export function blockMaskStage(spec: BlockMaskSpec, shape: ImageShape, streams: number): Stage {
  const { context, blocks } = blockShapes(spec, shape.side)
  const { blocks: count = 4, target = 'blocks' } = spec
  return {
    moments: (given) => blockMoments(spec, shape, given),
    draw(x, y, at) {
      const shown = coverage(uniformBatch(at, streams + STREAMS.xMask, 2), context, 1, shape)
      const covered = coverage(uniformBatch(at, streams + STREAMS.yMask, 2 * count), blocks, count, shape)
      for (let i = 0; i < shown.length; i++) shown[i]! *= 1 - covered[i]!
      return { x: masked(x, shown), y: target === 'full' ? y : masked(y, covered) }
    },
  }
}

/**
 * Ones in the entries that any of a row's blocks covers.
 *
 * @param uniforms two a block, one for its shape and one for its place, [rows][count][2]
 * @returns [rows][side][side][channels]
 */
function coverage(
  uniforms: Float64Array,
  shapes: readonly BlockShape[],
  count: number,
  shape: ImageShape,
): Float64Array {
  const d = entriesOf(shape)
  const out = new Float64Array((uniforms.length / (2 * count)) * d)
  for (let b = 0; b < uniforms.length / 2; b++) {
    const block = shapes[Math.floor(uniforms[2 * b]! * shapes.length)]!
    const place = Math.floor(uniforms[2 * b + 1]! * placesOf(block, shape.side))
    cover(out, Math.floor(b / count) * d, shape, block, place)
  }
  return out
}

function blockMoments(spec: BlockMaskSpec, shape: ImageShape, { Sxx, Syx, Syy }: Moments): Moments {
  const { blocks: count = 4, target = 'blocks' } = spec
  const { context, blocks } = blockShapes(spec, shape.side)
  const q = chances(blocks, shape.side)
  const c = chances(context, shape.side)
  const pixels = shape.side ** 2
  const shown = (i: number, j: number) =>
    (1 - q[i * pixels + i]! - q[j * pixels + j]! + q[i * pixels + j]!) ** count
  const alone = Float64Array.from({ length: pixels }, (_, i) => shown(i, i))
  const weigh = (S: Matrix, weight: (i: number, j: number) => number) => weighed(S, shape.channels, weight)
  return {
    Sxx: weigh(Sxx, (i, j) => c[i * pixels + j]! * shown(i, j)),
    Syx: weigh(Syx, (i, j) => c[j * pixels + j]! * (target === 'full' ? alone[j]! : alone[j]! - shown(i, j))),
    Syy: target === 'full' ? Syy : weigh(Syy, (i, j) => 1 - alone[i]! - alone[j]! + shown(i, j)),
  }
}

/** The chance that one block covers both pixels i and j, [pixels][pixels]. */
function chances(shapes: readonly BlockShape[], side: number): Float64Array {
  const pixels = side ** 2
  const out = new Float64Array(pixels ** 2)
  for (const shape of shapes) {
    const [down, across] = [spans(shape.height, side), spans(shape.width, side)]
    const each = 1 / (placesOf(shape, side) * shapes.length)
    for (let i = 0; i < pixels; i++) {
      for (let j = 0; j < pixels; j++) {
        const rows = down[Math.floor(i / side) * side + Math.floor(j / side)]!
        out[i * pixels + j]! += rows * across[(i % side) * side + (j % side)]! * each
      }
    }
  }
  return out
}

/** How many places of a span of `length` on a line of `side` hold both a and b, [side][side]. */
function spans(length: number, side: number): Float64Array {
  return Float64Array.from({ length: side ** 2 }, (_, at) => {
    const [a, b] = [Math.floor(at / side), at % side]
    const first = Math.max(0, Math.max(a, b) - length + 1)
    const last = Math.min(side - length, Math.min(a, b))
    return Math.max(0, last - first + 1)
  })
}

/** S_ij times a weight of the pixels of its entries. */
function weighed(S: Matrix, channels: number, weight: (i: number, j: number) => number): Matrix {
  const out = zeros(S.rows, S.cols)
  for (let i = 0; i < S.rows; i++) {
    for (let j = 0; j < S.cols; j++) {
      const factor = weight(Math.floor(i / channels), Math.floor(j / channels))
      out.data[i * S.cols + j] = S.data[i * S.cols + j]! * factor
    }
  }
  return out
}
