import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fillUniforms, philox4x32 } from '../../src/data/philox.ts'

const hex = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16))

// The three philox4x32-10 lines of Random123's kat_vectors: counter, key, block.
const published = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const

for (const [counter, key, block] of published) {
  it(`philox of counter ${counter} is Random123's ${block}`, () => {
    const words = Uint32Array.from(hex(counter))
    philox4x32(words, hex(key)[0]!, hex(key)[1]!)
    assert.deepEqual([...words], hex(block))
  })
}

const key = { seed: 2 ** 53 - 1, stream: 7, step: 2 ** 40 + 3 }
const draw = (count: number, first = 0, at = key) => {
  const out = new Float64Array(count)
  fillUniforms(out, at, first)
  return [...out]
}

it('a draw is the same in one long fill and in many short ones', () => {
  const whole = draw(101)
  const parts = [0, 1, 2, 7, 50].flatMap((first, i, all) => draw((all[i + 1] ?? 101) - first, first))
  assert.deepEqual(parts, whole)
})

it('seed, stream and step each change the draws, in the low bits and in the high', () => {
  const keys = [
    key,
    { ...key, seed: 1 },
    { ...key, seed: 2 ** 32 + 1 },
    { ...key, stream: 8 },
    { ...key, step: 3 },
  ]
  assert.equal(new Set(keys.map((at) => draw(1, 0, at)[0])).size, keys.length)
})

it('uniforms have the moments of the flat law and no correlation with their neighbours', () => {
  const n = 400_000
  const u = draw(n)
  const mean = u.reduce((a, b) => a + b) / n
  const variance = u.reduce((a, b) => a + (b - 0.5) ** 2, 0) / n
  const lagged = u.slice(1).reduce((a, b, i) => a + (b - 0.5) * (u[i]! - 0.5), 0) / n
  // Five standard errors: sqrt(1/12/n), sqrt(1/180/n), 1/12/sqrt(n).
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / n), `mean ${mean}`)
  assert.ok(Math.abs(variance - 1 / 12) < 5 * Math.sqrt(1 / 180 / n), `variance ${variance}`)
  assert.ok(Math.abs(lagged) < 5 / 12 / Math.sqrt(n), `correlation ${12 * lagged}`)
})

it('a seed of 2^53 or a half step is refused', () => {
  assert.throws(() => draw(1, 0, { ...key, seed: 2 ** 53 }), RangeError)
  assert.throws(() => draw(1, 0, { ...key, step: 0.5 }), RangeError)
})
