import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ExperimentError } from '../../../src/experiment/failure.ts'
import { fromRows, toRows } from '../../../src/experiment/matrix.ts'
import {
  chooseMultiply,
  gram,
  type Multiply,
  plainMultiply,
  product,
  rowProducts,
} from '../../../workers/probes/representation/product.ts'

const fails = (error: Error) => (): { multiply: Multiply } => {
  throw error
}

it('where the lanes kernels are not here plain loops multiply, and any other trouble is told', () => {
  const missing = new ExperimentError('ENGINE_UNAVAILABLE', { engine: 'lanes', why: 'not built' })
  assert.equal(chooseMultiply(fails(missing)), plainMultiply)
  assert.throws(() => chooseMultiply(fails(new TypeError('a fault'))), /a fault/)
  const own: Multiply = () => {}
  assert.equal(
    chooseMultiply(() => ({ multiply: own })),
    own,
  )
})

const A = fromRows([
  [1, 2, 3],
  [4, 5, 6],
])
const B = fromRows([
  [1, 0, -1],
  [2, 1, 0],
])

it('products of small matrices are those by hand', () => {
  const square = fromRows([
    [1, 2],
    [0, 1],
    [1, 0],
  ])
  assert.deepEqual(toRows(product(A, square)), [
    [4, 4],
    [10, 13],
  ])
  assert.deepEqual(toRows(gram(A, B)), [
    [9, 4, -1],
    [12, 5, -2],
    [15, 6, -3],
  ])
  assert.deepEqual(toRows(rowProducts(A, B)), [
    [-2, 4],
    [-2, 13],
  ])
  const lower = toRows(gram(A, A)).map((row, i) => row.slice(0, i + 1))
  assert.deepEqual(lower, [[17], [22, 29], [27, 36, 45]])
})
