import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJsonBody } from '../../src/api/json-body.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'

const refusal = (text: string, depth = 8) => {
  try {
    parseJsonBody(Buffer.from(text), depth)
  } catch (error) {
    assert.ok(error instanceof ExperimentError, String(error))
    return error
  }
  assert.fail(`${text} was read`)
}

describe('a JSON body', () => {
  it('is read as JSON.parse reads it', () => {
    const text = ' {"a":[{},[],{"b":[1,-2.5e-3,true,false,null,"x\\u00e9\\n\\"{["]}],"c":{}} '
    assert.deepEqual(parseJsonBody(Buffer.from(text), 8), JSON.parse(text))
  })

  const faults: [text: string, position: number, found: string][] = [
    ['{"a": NaN}', 6, 'NaN'],
    ['{"a":[1,Infinity]}', 8, 'Infinity'],
    ['{"a":-Infinity}', 5, '-Infinity'],
    ['{a:1}', 1, 'a'],
    ['[1,]', 3, ']'],
    ['{"a":1,}', 7, '}'],
    ['[1 2]', 3, '2'],
    ['{"a" 1}', 5, '1'],
    ['1 2', 2, '2'],
    ['[}', 1, '}'],
    ["{'a':1}", 1, "'"],
    ['{"a":+3}', 5, '+'],
  ]
  for (const [text, position, found] of faults) {
    it(`${text} is refused at position ${position}`, () => {
      const { code, message } = refusal(text)
      assert.equal(code, 'BODY_MALFORMED')
      assert.ok(message.includes(`unexpected ${found} at position ${position} `), message)
    })
  }

  it('that ends too early is refused at its end, in its line', () => {
    assert.match(refusal('{"a":1').message, /ends too early, at position 6/)
    assert.match(refusal('{"a":[1,\n "b":3}').message, /position 13 \(line 2, column 5\)/)
  })

  it('that is empty or no UTF-8 is refused', () => {
    assert.match(refusal(' ').message, /empty/)
    assert.throws(() => parseJsonBody(Uint8Array.of(0x22, 0xff, 0x22), 8), /UTF-8/)
  })

  it('is refused when nested deeper than the limit, and brackets inside texts do not count', () => {
    assert.equal(refusal('['.repeat(9) + ']'.repeat(9)).code, 'BODY_TOO_DEEP')
    assert.equal(refusal('['.repeat(100_000)).code, 'BODY_TOO_DEEP')
    assert.ok(parseJsonBody(Buffer.from('['.repeat(8) + ']'.repeat(8)), 8))
    assert.equal(parseJsonBody(Buffer.from('"[[[[[[[[[[\\"[["'), 8), '[[[[[[[[[["[[')
  })

  it('of megabytes with a fault at the end is still explained', () => {
    const text = `{"a":"${'x'.repeat(3_000_000)}","b":[${'1.5,'.repeat(200_000)}NaN]}`
    assert.match(refusal(text).message, /unexpected NaN/)
  })
})
