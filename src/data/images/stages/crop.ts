import type { ImageShape } from '../../../experiment/image-shape.ts'
import { type Matrix, zeros } from '../../../experiment/matrix.ts'
import { type BatchKey, uniformBatch } from '../../batch.ts'
import { multiply, transpose } from '../../linear-algebra.ts'
import { STREAMS } from '../../philox.ts'
import { bothMoments, type Stage } from './stage.ts'

/**
 * Windows of x and y at independent uniform positions p, P_p the choice of the window's entries, A = mean_p P_p:
 *
 *   mean_p P_p Sxx P_p',   A Syx A',   mean_p P_p Syy P_p'
 */
export function cropStage(size: number, shape: ImageShape, streams: number): Stage {
  const places = windows(shape, size)
  return {
    moments(given) {
      const A = averaging(places, given.Sxx.rows)
      return {
        ...bothMoments(given, (S) => meanWindow(S, places)),
        Syx: multiply(multiply(A, given.Syx), transpose(A)),
      }
    },
    draw: (x, y, at) => ({
      x: windowBatch(x, at, streams + STREAMS.xMask, places),
      y: windowBatch(y, at, streams + STREAMS.yMask, places),
    }),
  }
}

/** The entries of each window of size × size pixels, position by position. */
export function windows({ side, channels }: ImageShape, size: number): number[][] {
  const across = side - size + 1
  return Array.from({ length: across ** 2 }, (_, p) => {
    const corner = Math.floor(p / across) * side + (p % across)
    return Array.from({ length: size ** 2 * channels }, (_, a) => {
      const pixel = Math.floor(a / channels)
      return (corner + Math.floor(pixel / size) * side + (pixel % size)) * channels + (a % channels)
    })
  })
}

/** A, [entries of a window][entries of the image]. */
function averaging(places: readonly number[][], entries: number): Matrix {
  const A = zeros(places[0]!.length, entries)
  for (const window of places)
    for (const [a, at] of window.entries()) A.data[a * entries + at]! += 1 / places.length
  return A
}

function meanWindow(S: Matrix, places: readonly number[][]): Matrix {
  const d = places[0]!.length
  const out = zeros(d, d)
  for (const window of places) {
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < d; b++)
        out.data[a * d + b]! += S.data[window[a]! * S.cols + window[b]!]! / places.length
    }
  }
  return out
}

function windowBatch(
  z: Float64Array,
  at: BatchKey,
  stream: number,
  places: readonly number[][],
): Float64Array {
  const entries = z.length / at.rows
  const d = places[0]!.length
  const out = new Float64Array(at.rows * d)
  for (const [r, u] of uniformBatch(at, stream, 1).entries()) {
    const window = places[Math.floor(u * places.length)]!
    for (let a = 0; a < d; a++) out[r * d + a] = z[r * entries + window[a]!]!
  }
  return out
}
