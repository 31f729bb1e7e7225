import { type Matrix, zeros } from '../experiment/matrix.ts'
import { transpose } from './linear-algebra.ts'
import { normals } from './normal.ts'

/**
 * A rotation drawn from the uniform (Haar) law on the orthogonal group.
 *
 * A Gaussian matrix G has a law that no rotation changes. G = QR with R's diagonal positive is unique,
 * so Q inherits that law (Mezzadri, Notices of the AMS 54, 2007). Gram–Schmidt gives just that R;
 * each column is projected twice, which keeps Q'Q = I to rounding ("twice is enough").
 */

/**
 * An orthogonal matrix, [n][n], a function of (n, seed, stream) alone.
 *
 * @param seed integer below 2^53
 * @param stream integer below 2^32; two streams of one seed are independent
 */
export function haarOrthogonal(n: number, seed: number, stream: number): Matrix {
  const rows = zeros(n, n) // row i is column i of Q
  rows.data.set(normals(n * n, { seed, stream, step: 0 }))
  const vectors = Array.from({ length: n }, (_, i) => rows.data.subarray(i * n, (i + 1) * n))
  for (const [i, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, i)) subtract(vector, dot(vector, earlier), earlier)
    }
    const length = Math.sqrt(dot(vector, vector))
    for (let k = 0; k < n; k++) vector[k] = vector[k]! / length
  }
  return transpose(rows)
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

function subtract(from: Float64Array, factor: number, vector: Float64Array): void {
  for (let k = 0; k < from.length; k++) from[k] = from[k]! - factor * vector[k]!
}
