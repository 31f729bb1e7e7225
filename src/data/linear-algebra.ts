import {
  CholeskyDecomposition,
  EigenvalueDecomposition,
  Matrix as Library,
  SingularValueDecomposition,
} from 'ml-matrix'
import { type Matrix, zeros } from '../experiment/matrix.ts'

/** Dense linear algebra on `Matrix`: decompositions are ml-matrix's, products are plain loops. Nothing writes to its arguments. */

/** The identity, [n][n]. */
export function identity(n: number): Matrix {
  return diagonal(new Float64Array(n).fill(1))
}

/** A square matrix with the given diagonal. */
export function diagonal(values: ArrayLike<number>): Matrix {
  const matrix = zeros(values.length, values.length)
  for (let i = 0; i < values.length; i++) matrix.data[i * (values.length + 1)] = values[i]!
  return matrix
}

/** A', [cols][rows]. */
export function transpose(a: Matrix): Matrix {
  const out = zeros(a.cols, a.rows)
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) out.data[j * a.rows + i] = a.data[i * a.cols + j]!
  }
  return out
}

/** A B; four rows of B at a time, so that a row of the result is read a quarter as often. @throws RangeError where the inner sizes differ */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows) throw new RangeError(`${a.rows}×${a.cols} times ${b.rows}×${b.cols} is not defined.`)
  const out = zeros(a.rows, b.cols)
  const [n, inner] = [b.cols, a.cols]
  const [A, B, C] = [a.data, b.data, out.data]
  const whole = inner - (inner % 4)
  for (let i = 0; i < a.rows; i++) {
    const [left, row, end] = [i * inner, i * n, (i + 1) * n]
    for (let k = 0; k < whole; k += 4) {
      const [f0, f1, f2, f3] = [A[left + k]!, A[left + k + 1]!, A[left + k + 2]!, A[left + k + 3]!]
      for (let j = row, at = k * n; j < end; j++, at++) {
        C[j] = C[j]! + (f0 * B[at]! + f1 * B[at + n]! + f2 * B[at + 2 * n]! + f3 * B[at + 3 * n]!)
      }
    }
    for (let k = whole; k < inner; k++) {
      for (let j = row, at = k * n; j < end; j++, at++) C[j] = C[j]! + A[left + k]! * B[at]!
    }
  }
  return out
}

/** A diag(factors): column j times factors[j]. */
export function scaleColumns(a: Matrix, factors: ArrayLike<number>): Matrix {
  return { rows: a.rows, cols: a.cols, data: a.data.map((x, at) => x * factors[at % a.cols]!) }
}

/** The product of several matrices, from left to right. */
export function product(first: Matrix, ...rest: readonly Matrix[]): Matrix {
  return rest.reduce(multiply, first)
}

/** alpha A + beta B. @throws RangeError where the shapes differ */
export function combine(alpha: number, a: Matrix, beta: number, b: Matrix): Matrix {
  if (a.rows !== b.rows || a.cols !== b.cols) {
    throw new RangeError(`${a.rows}×${a.cols} and ${b.rows}×${b.cols} cannot be added.`)
  }
  const out = zeros(a.rows, a.cols)
  for (let i = 0; i < out.data.length; i++) out.data[i] = alpha * a.data[i]! + beta * b.data[i]!
  return out
}

/** factor · A. */
export function scale(factor: number, a: Matrix): Matrix {
  return { rows: a.rows, cols: a.cols, data: a.data.map((x) => factor * x) }
}

/** (A + A')/2. */
export function symmetrize(a: Matrix): Matrix {
  return combine(0.5, a, 0.5, transpose(a))
}

/** The root of the sum of squares. */
export function frobenius(a: Matrix): number {
  return Math.sqrt(a.data.reduce((sum, x) => sum + x * x, 0))
}

/** The sum of the diagonal. */
export function trace(a: Matrix): number {
  let sum = 0
  for (let i = 0; i < Math.min(a.rows, a.cols); i++) sum += a.data[i * (a.cols + 1)]!
  return sum
}

/** Column j as a copy. */
export function column(a: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => a.data[i * a.cols + j]!)
}

/** The listed columns, in that order. */
export function selectColumns(a: Matrix, columns: readonly number[]): Matrix {
  const out = zeros(a.rows, columns.length)
  for (let i = 0; i < a.rows; i++) {
    for (const [to, from] of columns.entries()) out.data[i * columns.length + to] = a.data[i * a.cols + from]!
  }
  return out
}

/** Eigenvalues, falling, and orthonormal eigenvectors as columns, of the symmetric part of A. */
export function symmetricEigen(a: Matrix): { values: number[]; vectors: Matrix } {
  const found = new EigenvalueDecomposition(toLibrary(symmetrize(a)), { assumeSymmetric: true })
  const order = sortFalling(found.realEigenvalues)
  const vectors = fromLibrary(found.eigenvectorMatrix)
  return { values: order.map((i) => found.realEigenvalues[i]!), vectors: selectColumns(vectors, order) }
}

/** A = U diag(values) V', values falling; U [rows][k], V [cols][k], k the smaller of rows and cols. */
export function singularValues(a: Matrix): { u: Matrix; values: number[]; v: Matrix } {
  const found = new SingularValueDecomposition(toLibrary(a), { autoTranspose: true })
  const all = found.diagonal
  const order = sortFalling(all).slice(0, Math.min(a.rows, a.cols))
  return {
    u: selectColumns(fromLibrary(found.leftSingularVectors), order),
    values: order.map((i) => all[i]!),
    v: selectColumns(fromLibrary(found.rightSingularVectors), order),
  }
}

/** The lower triangular G with A = G G', or null where A is not positive definite. */
export function cholesky(a: Matrix): Matrix | null {
  const found = new CholeskyDecomposition(toLibrary(symmetrize(a)))
  return found.isPositiveDefinite() ? fromLibrary(found.lowerTriangularMatrix) : null
}

/** All eigenvalues of a square matrix, by falling real part. */
export function eigenvalues(a: Matrix): { real: number; imaginary: number }[] {
  const found = new EigenvalueDecomposition(toLibrary(a))
  return sortFalling(found.realEigenvalues).map((i) => ({
    real: found.realEigenvalues[i]!,
    imaginary: found.imaginaryEigenvalues[i]!,
  }))
}

function sortFalling(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((i, j) => values[j]! - values[i]! || i - j)
}

function toLibrary(a: Matrix): Library {
  return Library.from1DArray(a.rows, a.cols, Array.from(a.data))
}

function fromLibrary(a: Library): Matrix {
  const out = zeros(a.rows, a.columns)
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) out.data[i * a.columns + j] = a.get(i, j)
  }
  return out
}
