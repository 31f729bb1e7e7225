import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../src/data/haar.ts'
import {
  cholesky,
  combine,
  diagonal,
  eigenvalues,
  frobenius,
  multiply,
  product,
  singularValues,
  symmetricEigen,
  trace,
  transpose,
} from '../../src/data/linear-algebra.ts'
import { normals } from '../../src/data/normal.ts'
import { fromRows, type Matrix } from '../../src/experiment/matrix.ts'

const random = (rows: number, cols: number, stream: number): Matrix => ({
  rows,
  cols,
  data: normals(rows * cols, { seed: 1, stream, step: 0 }),
})
const close = (a: Matrix, b: Matrix) => {
  const error = frobenius(combine(1, a, -1, b))
  assert.ok(error < 1e-12 * Math.max(1, frobenius(b)), `off by ${error}`) // rounding only
}

it('a product of 2×3 and 3×2 is what the hand says', () => {
  const a = fromRows([
    [1, 2, 3],
    [4, 5, 6],
  ])
  assert.deepEqual(
    multiply(a, transpose(a)),
    fromRows([
      [14, 32],
      [32, 77],
    ]),
  )
  assert.equal(trace(multiply(a, transpose(a))), 91)
  assert.throws(() => multiply(a, a), RangeError)
})

it('the symmetric eigensystem gives the matrix back, values falling', () => {
  const q = haarOrthogonal(6, 0, 9)
  const a = product(q, diagonal([-2, 5, 0.5, 3, 3, 0]), transpose(q))
  const { values, vectors } = symmetricEigen(a)
  for (const [i, expected] of [5, 3, 3, 0.5, 0, -2].entries()) {
    assert.ok(Math.abs(values[i]! - expected) < 1e-12, `value ${i} is ${values[i]}`)
  }
  close(product(vectors, diagonal(values), transpose(vectors)), a)
})

for (const [rows, cols] of [
  [5, 3],
  [3, 5],
  [4, 4],
] as const) {
  it(`the singular values of a ${rows}×${cols} matrix give it back, falling`, () => {
    const a = random(rows, cols, 20)
    const { u, values, v } = singularValues(a)
    assert.deepEqual(
      [...values].sort((x, y) => y - x),
      values,
    )
    assert.deepEqual([u.cols, v.rows, values.length], [Math.min(rows, cols), cols, Math.min(rows, cols)])
    close(product(u, diagonal(values), transpose(v)), a)
  })
}

it('Cholesky gives the matrix back, or null where it is not positive definite', () => {
  const b = random(4, 4, 21)
  const a = multiply(b, transpose(b))
  const g = cholesky(a)!
  close(multiply(g, transpose(g)), a)
  assert.equal(cholesky(diagonal([1, -1e-3])), null)
})

it('a rotation has the eigenvalues cos ± i sin', () => {
  const angle = 0.3
  const [s, c] = [Math.sin(angle), Math.cos(angle)]
  for (const { real, imaginary } of eigenvalues(
    fromRows([
      [c, -s],
      [s, c],
    ]),
  )) {
    assert.ok(
      Math.abs(real - c) < 1e-14 && Math.abs(Math.abs(imaginary) - s) < 1e-14,
      `${real} ± ${imaginary}i`,
    )
  }
})
