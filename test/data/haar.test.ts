import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../src/data/haar.ts'
import { combine, frobenius, identity, multiply, transpose } from '../../src/data/linear-algebra.ts'

for (const n of [1, 2, 7, 64]) {
  it(`a Haar matrix of size ${n} is orthogonal`, () => {
    const q = haarOrthogonal(n, 3, 0)
    const error = frobenius(combine(1, multiply(transpose(q), q), -1, identity(n)))
    assert.ok(error < 1e-14 * n, `|Q'Q - I| = ${error}`) // rounding only
  })
}

it('entries have the Haar moments: mean 0, variance 1/n, fourth moment 3/(n(n+2)), trace variance 1', () => {
  const n = 4
  const count = 4000
  const sums = { entry: 0, square: 0, fourth: 0, trace: 0, trace2: 0, sign: 0 }
  for (let seed = 0; seed < count; seed++) {
    const { data } = haarOrthogonal(n, seed, 11)
    const trace = data[0]! + data[5]! + data[10]! + data[15]!
    sums.entry += data[6]! / count
    sums.square += data[6]! ** 2 / count
    sums.fourth += data[6]! ** 4 / count
    sums.trace += trace / count
    sums.trace2 += trace ** 2 / count
    sums.sign += (data[0]! > 0 ? 1 : -1) / count // without the sign fix this would be far from 0
  }
  const near = (value: number, expected: number, standardError: number) =>
    assert.ok(Math.abs(value - expected) < 5 * standardError, `${value} is not ${expected}`)
  near(sums.entry, 0, 0.5 / Math.sqrt(count))
  near(sums.square, 1 / n, 0.25 / Math.sqrt(count))
  near(sums.fourth, 3 / (n * (n + 2)), 0.22 / Math.sqrt(count))
  near(sums.trace, 0, 1 / Math.sqrt(count))
  near(sums.trace2, 1, Math.SQRT2 / Math.sqrt(count))
  near(sums.sign, 0, 1 / Math.sqrt(count))
})

it('one seed and stream give one matrix, another stream another', () => {
  assert.deepEqual(haarOrthogonal(5, 8, 1), haarOrthogonal(5, 8, 1))
  assert.notDeepEqual(haarOrthogonal(5, 8, 1), haarOrthogonal(5, 8, 2))
})
