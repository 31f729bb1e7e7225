import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { fillNormals, logarithm, normals } from '../../src/data/normal.ts'
import { fillUniforms } from '../../src/data/philox.ts'

const key = { seed: 5, stream: 1, step: 9 }

it('normals are Box–Muller of the same key’s uniforms', () => {
  const u = new Float64Array(2000)
  fillUniforms(u, key)
  const n = normals(2000, key)
  for (let i = 0; i < 2000; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(u[i]!))
    const angle = 2 * Math.PI * u[i + 1]!
    // A few units in the last place of the angle: our series against the library's.
    assert.ok(Math.abs(n[i]! - radius * Math.cos(angle)) < 1e-14, `${i}: ${n[i]}`)
    assert.ok(Math.abs(n[i + 1]! - radius * Math.sin(angle)) < 1e-14, `${i}: ${n[i + 1]}`)
  }
})

it('the logarithm is right to the last places from 2^-1022 to the largest double', () => {
  for (const u of [
    2 ** -1022,
    1e-300,
    3.7,
    1e150,
    Number.MAX_VALUE,
    1 + 2 ** -52,
    2 ** -53,
    1e-12,
    0.1,
    Math.SQRT1_2,
    0.7072,
    0.999999,
    1 - 2 ** -53,
  ]) {
    const error = Math.abs(logarithm(u) / Math.log(u) - 1)
    assert.ok(error < 1e-15, `ln ${u} is off by ${error}`) // 4 units in the last place
  }
})

it('the first four moments are those of N(0,1)', () => {
  const n = 400_000
  const sample = normals(n, key)
  const moment = (p: number) => sample.reduce((sum, x) => sum + x ** p, 0) / n
  // Five standard errors; var(x^p) = 1, 2, 15, 96 for p = 1 … 4.
  for (const [p, expected, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    const error = Math.abs(moment(p) - expected)
    assert.ok(error < 5 * Math.sqrt(variance / n), `moment ${p} is off by ${error}`)
  }
})

it('draw number i does not depend on where a fill begins', () => {
  const whole = normals(64, key)
  const tail = new Float64Array(31)
  fillNormals(tail, key, 33)
  assert.deepEqual(tail, whole.slice(33))
})

it('the bits are the ones this numerics version promises', () => {
  const digest = createHash('sha256').update(normals(10_000, key)).digest('hex')
  assert.equal(digest, '1fe25a431919fefa3fe639e990f7331dcb1b3d4241c9b97ba6dc079d3f1c1e56')
})
