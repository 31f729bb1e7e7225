import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatNumber, formatTable } from '../../src/cli/table.ts'

it('numbers stand to the right, texts to the left, null is a dash', () => {
  const lines = formatTable(
    ['name', 't*'],
    [
      ['a', 1.23456],
      ['long name', null],
      ['b', 1234.5],
    ],
  ).split('\n')
  assert.deepEqual(lines, [
    'name            t*',
    '─────────  ───────',
    'a          1.23456',
    'long name        –',
    'b           1234.5',
  ])
})

it('a number keeps six significant digits, and powers of ten only where they shorten it', () => {
  assert.deepEqual([0.5, 3, 123456, 1234567.8, 0.00012345].map(formatNumber), [
    '0.5',
    '3',
    '123456',
    '1234570',
    '1.234e-4', // 0.00012345 is below its decimal in float64
  ])
})
