import assert from 'node:assert/strict'
import { it } from 'node:test'
import { namesTag, parseByteRange } from '../../src/api/byte-range.ts'

const cases: [header: string, expected: ReturnType<typeof parseByteRange>][] = [
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=10-19', { first: 10, last: 19 }],
  ['bytes=90-', { first: 90, last: 99 }],
  ['bytes=90-1000', { first: 90, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-1000', { first: 0, last: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', null],
  ['bytes=-', null],
  ['bytes=0-1,3-4', null],
  ['lines=0-1', null],
]
for (const [header, expected] of cases) {
  it(`${header} of 100 bytes is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseByteRange(header, 100), expected)
  })
}

it('an entity tag is found in a list, weak or as a star, and no other is', () => {
  assert.ok(namesTag('"a", "b"', '"b"'))
  assert.ok(namesTag('W/"b"', '"b"'))
  assert.ok(namesTag('*', '"b"'))
  assert.ok(!namesTag('"a"', '"b"'))
})
