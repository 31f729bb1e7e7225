import assert from 'node:assert/strict'
import { it } from 'node:test'
import { meanText } from '../../src/cli/sweep-tables.ts'

it('a mean says of how many runs it is where some have no value', () => {
  assert.equal(meanText({ n: 3, mean: 2, interval: [1.5, 2.5] }, 3), '2 ± 0.5')
  assert.equal(meanText({ n: 2, mean: 2, interval: [1.5, 2.5] }, 6), '2 ± 0.5 [2]')
  assert.equal(meanText({ n: 1, mean: 2, interval: null }, 6), '2 [1]')
  assert.equal(meanText({ n: 0, mean: null, interval: null }, 6), null)
})
