import { type Matrix, zeros } from '../../../src/experiment/matrix.ts'

/** Columns of numbers about their means, kept one after the other: [columns][rows]. */
export interface Centred {
  readonly rows: number // n
  readonly columns: number
  readonly means: Float64Array // [columns]
  readonly data: Float64Array // [columns][n]
}

/** @param values row-major [rows][columns] */
export function centred(values: ArrayLike<number>, rows: number, columns: number): Centred {
  const data = new Float64Array(columns * rows)
  const means = new Float64Array(columns)
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) means[j] = means[j]! + values[r * columns + j]!
  }
  for (let j = 0; j < columns; j++) means[j] = means[j]! / rows
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) data[j * rows + r] = values[r * columns + j]! - means[j]!
  }
  return { rows, columns, means, data }
}

/** A'A/n of centred columns, [columns][columns]. */
export function covariance(a: Centred): Matrix {
  const k = a.columns
  const out = zeros(k, k)
  for (let i = 0; i < k; i += 4) {
    for (let j = 0; j < Math.min(i + 4, k); j += 2) tile(a, i, a, j, out)
  }
  for (let i = 0; i < k; i++) for (let j = 0; j < i; j++) out.data[j * k + i] = out.data[i * k + j]!
  return out
}

/** A'B/n of centred columns of the same rows, [columns of A][columns of B]. */
export function crossCovariance(a: Centred, b: Centred): Matrix {
  const out = zeros(a.columns, b.columns)
  for (let i = 0; i < a.columns; i += 4) for (let j = 0; j < b.columns; j += 2) tile(a, i, b, j, out)
  return out
}

/** Four columns of A times two of B: eight sums at a time read six numbers where one at a time would read sixteen. */
function tile(a: Centred, i: number, b: Centred, j: number, out: Matrix): void {
  const n = a.rows
  if (i + 4 > a.columns || j + 2 > b.columns) {
    for (let r = i; r < Math.min(i + 4, a.columns); r++) {
      for (let c = j; c < Math.min(j + 2, b.columns); c++) out.data[r * out.cols + c] = dot(a, r, b, c) / n
    }
    return
  }
  const [A, B] = [a.data, b.data]
  let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0]
  let at = i * n
  const end = at + n
  for (let q = j * n; at < end; at++, q++) {
    const [u, v] = [B[q]!, B[q + n]!]
    const [p0, p1, p2, p3] = [A[at]!, A[at + n]!, A[at + 2 * n]!, A[at + 3 * n]!]
    s00 += p0 * u
    s01 += p0 * v
    s10 += p1 * u
    s11 += p1 * v
    s20 += p2 * u
    s21 += p2 * v
    s30 += p3 * u
    s31 += p3 * v
  }
  const sums = [s00, s01, s10, s11, s20, s21, s30, s31]
  for (let r = 0; r < 4; r++) {
    out.data[(i + r) * out.cols + j] = sums[2 * r]! / n
    out.data[(i + r) * out.cols + j + 1] = sums[2 * r + 1]! / n
  }
}

function dot(a: Centred, i: number, b: Centred, j: number): number {
  let sum = 0
  for (let r = 0; r < a.rows; r++) sum += a.data[i * a.rows + r]! * b.data[j * a.rows + r]!
  return sum
}

/** Mean of the diagonal. */
export function meanVariance({ rows, data }: Matrix): number {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += data[i * (rows + 1)]!
  return sum / rows
}
