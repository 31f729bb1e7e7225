import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { fillChi } from '../../src/data/chi.ts'
import { philox4x32 } from '../../src/data/philox.ts'
import { fillShortNormals, shortUniform } from '../../src/data/short-normal.ts'
import { assertFollows } from './kolmogorov.ts'
import { chiLaw, normalLaw } from './laws-of-chance.ts'

const key = { seed: 2 ** 40 + 5, stream: 9, step: 2 ** 33 + 7 }
const draw = (count: number, at = key) => {
  const out = new Float64Array(count)
  fillShortNormals(out, at)
  return out
}

it('a block gives four normals by Box–Muller of its words', () => {
  const n = draw(400)
  for (let block = 0; block < 100; block++) {
    const words = Uint32Array.of(block, 7, 2, 9)
    philox4x32(words, 5, 256)
    for (const half of [0, 1]) {
      const radius = Math.sqrt(-2 * Math.log(shortUniform(words[2 * half]!)))
      const angle = (2 * Math.PI * words[2 * half + 1]!) / 2 ** 32
      const at = 4 * block + 2 * half
      // The angle's rest has 24 bits: off by half of 2^−24·π/4 = 2.3e-8 at most, times a radius below 6.7.
      assert.ok(Math.abs(n[at]! - radius * Math.cos(angle)) < 1.6e-7, `${at}: ${n[at]}`)
      assert.ok(Math.abs(n[at + 1]! - radius * Math.sin(angle)) < 1.6e-7, `${at + 1}: ${n[at + 1]}`)
    }
  }
})

it('the uniform of a word is never 0, at most 1, and (k + ½)/2^31 to 24 bits', () => {
  assert.equal(shortUniform(0), 2 ** -32)
  assert.equal(shortUniform(0xffffffff), 1)
  for (const word of [1, 2, 77, 2 ** 20, 2 ** 24 + 3, 2 ** 31, 0xfffffffe, 0xdeadbeef]) {
    const wanted = (Math.floor(word / 2) + 0.5) / 2 ** 31
    // Two roundings to 24 bits, of which the first is 0 below 2^24.
    assert.ok(Math.abs(shortUniform(word) / wanted - 1) <= 2 ** -23, `${word}: ${shortUniform(word)}`)
  }
})

it('a shorter fill is the beginning of a longer one', () => {
  const whole = draw(64)
  for (const count of [0, 1, 2, 3, 5, 30]) assert.deepEqual(draw(count), whole.slice(0, count))
})

it('normals follow N(0, 1), each of the four of a block by itself', () => {
  const n = draw(80_000)
  for (let slot = 0; slot < 4; slot++) {
    assertFollows(`slot ${slot}`, [...n.filter((_, i) => i % 4 === slot)], normalLaw)
  }
})

it('normals have the first eight moments of N(0, 1), so that tails are there', () => {
  const n = draw(400_000)
  // E x^p = (p − 1)!! for even p, var x^p = (2p − 1)!! less its square; 5 standard errors (6e-7 by chance).
  const odd = (p: number): number => (p <= 1 ? 1 : (p - 1) * odd(p - 2))
  for (let p = 1; p <= 8; p++) {
    const expected = p % 2 ? 0 : odd(p)
    const error = Math.sqrt((odd(2 * p) - expected ** 2) / n.length)
    const found = n.reduce((sum, x) => sum + x ** p, 0) / n.length
    assert.ok(
      Math.abs(found - expected) < 5 * error,
      `moment ${p} is ${found}, expected ${expected} ± ${error}`,
    )
  }
})

it('neighbours, streams and steps are not correlated', () => {
  const n = draw(100_000)
  const others = [n.slice(1), n.slice(2), draw(1e5, { ...key, step: 8 }), draw(1e5, { ...key, stream: 8 })]
  for (const [which, other] of others.entries()) {
    const sum = other.reduce((s, x, i) => s + x * n[i]!, 0) / other.length
    assert.ok(Math.abs(sum) < 5 / Math.sqrt(other.length), `pair ${which} has correlation ${sum}`)
  }
})

for (const [degrees, count] of [
  [1, 1],
  [2, 1],
  [3, 1],
  [8, 8],
  [64, 16],
  [1_000_000, 4],
] as const) {
  it(`the chi variables of ${degrees} rows and ${count} entries follow χ of rows − j`, () => {
    const samples = Array.from({ length: count }, (): number[] => [])
    const out = new Float64Array(count)
    const steps = Math.floor(20_000 / count)
    for (let step = 0; step < steps; step++) {
      fillChi(out, degrees, { seed: 3, stream: 10, step })
      for (const [j, value] of out.entries()) samples[j]!.push(value)
    }
    for (const [j, sample] of samples.entries()) {
      assertFollows(`χ(${degrees - j})`, sample, (x) => chiLaw(degrees - j, x))
    }
  })
}

it('a chi variable depends on its entry, not on how many there are', () => {
  const [few, many] = [new Float64Array(3), new Float64Array(1024)]
  fillChi(few, 2000, { seed: 3, stream: 10, step: 0 })
  fillChi(many, 2000, { seed: 3, stream: 10, step: 0 })
  assert.deepEqual(few, many.slice(0, 3))
})

it('a chi of no degrees and more than 1024 of them are refused with the numbers', () => {
  const at = { seed: 3, stream: 10, step: 0 }
  assert.throws(() => fillChi(new Float64Array(5), 4, at), /4 rows .* 5 entries/)
  assert.throws(() => fillChi(new Float64Array(1025), 2000, at), /1025 chi/)
})

it('the bits are the ones this numerics version promises', () => {
  const chi = new Float64Array(8 * 500) // some 30 of them take a second try
  for (let step = 0; step < 500; step++) {
    fillChi(chi.subarray(8 * step, 8 * step + 8), 8, { seed: 3, stream: 10, step })
  }
  const digest = (numbers: Float64Array) => createHash('sha256').update(numbers).digest('hex')
  assert.deepEqual(
    [digest(draw(10_000)), digest(chi)],
    [
      'aaaef29a24bd7844b02c642379195659fb6d4ef8c452fb5d5526cd7c6db38914',
      'fff1d7ed83945a793273b7cd2f1abe5bf9b9ae67c7bba69a90d8936c39f75ae1',
    ],
  )
})
