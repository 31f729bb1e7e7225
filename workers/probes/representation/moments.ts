import type { Matrix } from '../../../src/experiment/matrix.ts'
import { gram } from './product.ts'

/** Columns of numbers about their means. */
export interface Centred {
  readonly means: Float64Array // [columns]
  readonly about: Matrix // [rows][columns]
}

/** @param values row-major [rows][columns] */
export function centred(values: ArrayLike<number>, rows: number, columns: number): Centred {
  const data = new Float64Array(values) // loops over arrays of one type are the faster ones
  const means = new Float64Array(columns)
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) means[j] = means[j]! + data[at]!
  }
  for (let j = 0; j < columns; j++) means[j] = means[j]! / rows
  subtract(data, means)
  return { means, about: { rows, cols: columns, data } }
}

/** What each row has beyond given means, [rows][columns]. */
export function lessMeans(values: ArrayLike<number>, rows: number, means: Float64Array): Matrix {
  const data = new Float64Array(values)
  subtract(data, means)
  return { rows, cols: means.length, data }
}

/** In place, from each row. */
function subtract(data: Float64Array, means: Float64Array): void {
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < means.length; j++, at++) data[at] = data[at]! - means[j]!
  }
}

/** A'A/n, [columns][columns]. */
export function covariance({ about }: Centred): Matrix {
  const out = gram(about, about)
  const { rows: k, data } = out
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      const value = data[i * k + j]! / about.rows
      data[i * k + j] = value
      data[j * k + i] = value
    }
  }
  return out
}

/** A'B/n of the same rows, [columns of A][columns of B]. */
export function crossCovariance({ about: a }: Centred, { about: b }: Centred): Matrix {
  const out = gram(a, b)
  for (let at = 0; at < out.data.length; at++) out.data[at] = out.data[at]! / a.rows
  return out
}

/** Mean of the diagonal. */
export function meanVariance({ rows, data }: Matrix): number {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += data[i * (rows + 1)]!
  return sum / rows
}
