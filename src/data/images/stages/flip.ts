import { entriesOf, type ImageShape } from '../../../experiment/image-shape.ts'
import type { StageOfKind } from '../../../experiment/image-spec.ts'
import { type Matrix, zeros } from '../../../experiment/matrix.ts'
import { type BatchKey, uniformBatch } from '../../batch.ts'
import { STREAMS } from '../../philox.ts'
import { bothMoments, type Stage } from './stage.ts'

/**
 * Each view mirrored with probability p, x and y independently; F the mirror, A = (1−p) I + p F:
 *
 *   (1−p) Sxx + p F Sxx F',   A Syx A',   (1−p) Syy + p F Syy F'
 */
export function flipStage(
  { probability: p = 0.5, axis = 'horizontal' }: StageOfKind<'flip'>,
  shape: ImageShape,
  streams: number,
): Stage {
  const mirror = mirrored(shape, axis)
  return {
    moments: (given) => ({
      ...bothMoments(given, (S) =>
        mixed(S, (i, j) => (1 - p) * at(S, i, j) + p * at(S, mirror[i]!, mirror[j]!)),
      ),
      Syx: mixed(given.Syx, (i, j) => {
        const [S, f, g] = [given.Syx, mirror[i]!, mirror[j]!]
        const one = at(S, f, j) + at(S, i, g)
        return (1 - p) ** 2 * at(S, i, j) + p * (1 - p) * one + p ** 2 * at(S, f, g)
      }),
    }),
    draw: (x, y, key) => ({
      x: flipBatch(x, key, streams + STREAMS.xMask, mirror, p),
      y: flipBatch(y, key, streams + STREAMS.yMask, mirror, p),
    }),
  }
}

/** For each entry of an image the entry that its mirror has there. */
export function mirrored(shape: ImageShape, axis: 'horizontal' | 'vertical' = 'horizontal'): number[] {
  const { side, channels } = shape
  return Array.from({ length: entriesOf(shape) }, (_, entry) => {
    const pixel = Math.floor(entry / channels)
    const [row, column] = [Math.floor(pixel / side), pixel % side]
    const other = axis === 'horizontal' ? row * side + (side - 1 - column) : (side - 1 - row) * side + column
    return other * channels + (entry % channels)
  })
}

const at = (S: Matrix, i: number, j: number) => S.data[i * S.cols + j]!

function mixed(S: Matrix, entry: (i: number, j: number) => number): Matrix {
  const out = zeros(S.rows, S.cols)
  for (let i = 0; i < S.rows; i++) for (let j = 0; j < S.cols; j++) out.data[i * S.cols + j] = entry(i, j)
  return out
}

function flipBatch(
  z: Float64Array,
  key: BatchKey,
  stream: number,
  mirror: readonly number[],
  probability: number,
): Float64Array {
  const d = mirror.length
  const out = z.slice()
  for (const [r, u] of uniformBatch(key, stream, 1).entries()) {
    if (u >= probability) continue
    for (let a = 0; a < d; a++) out[r * d + a] = z[r * d + mirror[a]!]!
  }
  return out
}
