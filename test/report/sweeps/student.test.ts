import assert from 'node:assert/strict'
import { it } from 'node:test'
import { meanOf, studentQuantile } from '../../../src/report/sweeps/student.ts'

/** scipy.stats.t.ppf(.975, ν) */
const KNOWN: readonly (readonly [number, number])[] = [
  [1, 12.706204736432095],
  [2, 4.302652729696142],
  [3, 3.182446305284263],
  [4, 2.7764451051977987],
  [5, 2.570581835636314],
  [10, 2.2281388519649385],
  [30, 2.0422724563012373],
  [100, 1.9839715184496334],
]

it('the quantile of Student’s t is that of the tables', () => {
  for (const [freedom, wanted] of KNOWN) {
    const found = studentQuantile(freedom)
    assert.ok(Math.abs(found / wanted - 1) < 1e-9, `ν = ${freedom}: ${found}, not ${wanted}`) // digits of the tables
  }
})

it('for many degrees of freedom the quantile is that of Cornish and Fisher’s expansion', () => {
  const z = 1.959963984540054
  for (const freedom of [1000, 99_999, 100_000]) {
    const wanted = z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
    const found = studentQuantile(freedom)
    assert.ok(Math.abs(found - wanted) < 1e-8, `ν = ${freedom}: ${found}, not ${wanted}`) // the next term, 1/ν³
  }
})

it('a mean of four has the interval of three degrees of freedom', () => {
  const { n, mean, interval } = meanOf([1, 2, 3, 4])
  const half = 3.182446305284263 * Math.sqrt(5 / 3 / 4)
  assert.deepEqual([n, mean], [4, 2.5])
  assert.ok(Math.abs(interval![0] - (2.5 - half)) < 1e-9 && Math.abs(interval![1] - (2.5 + half)) < 1e-9)
})

it('one value has no interval and none has no mean', () => {
  assert.deepEqual(meanOf([7]), { n: 1, mean: 7, interval: null })
  assert.deepEqual(meanOf([]), { n: 0, mean: null, interval: null })
})
