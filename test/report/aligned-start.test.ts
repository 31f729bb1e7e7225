import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../src/data/haar.ts'
import { diagonal, identity, multiply, product, scale, transpose } from '../../src/data/linear-algebra.ts'
import type { Matrix, Weights } from '../../src/experiment/matrix.ts'
import { isAlignedStart } from '../../src/report/aligned-start.ts'

const q = haarOrthogonal(3, 1, 0)
const [o1, o2] = [haarOrthogonal(3, 2, 0), haarOrthogonal(3, 3, 0)]
const gains = diagonal([0.3, 0.2, 0.1])
const layers = [product(o1, gains, transpose(q)), product(o2, gains, transpose(o1))]
const jepa: Weights = { layers, decoder: product(o2, gains, transpose(o2)) }
const mae: Weights = { layers, decoder: product(q, gains, transpose(o2)) }

it('each objective needs its own decoder', () => {
  assert.equal(isAlignedStart('jepa', jepa, q), true)
  assert.equal(isAlignedStart('mae', mae, q), true)
  assert.equal(isAlignedStart('jepa', mae, q), false)
  assert.equal(isAlignedStart('mae', jepa, q), false)
})

it('equal gains, rotations with product I and V = s I serve both objectives, whatever the directions', () => {
  const s = 0.1
  const weights = { layers: [scale(s, o1), scale(s, transpose(o1))], decoder: scale(s, identity(3)) }
  assert.equal(isAlignedStart('jepa', weights, q), true)
  assert.equal(isAlignedStart('mae', weights, q), true)
  const rotated = { layers: [scale(s, o1), scale(s, o2)], decoder: scale(s, identity(3)) }
  assert.equal(isAlignedStart('jepa', rotated, q), true)
  assert.equal(isAlignedStart('mae', rotated, q), false)
})

it('a sign, a scale or a layer that does not match is noticed, rounding to float32 is not', () => {
  const changed = (change: (weights: Weights) => Weights) => isAlignedStart('jepa', change(jepa), q)
  assert.equal(
    changed((w) => ({ ...w, decoder: scale(-1, w.decoder) })),
    false,
  )
  assert.equal(
    changed((w) => ({ ...w, decoder: scale(1.001, w.decoder) })),
    false,
  )
  assert.equal(
    changed((w) => ({ ...w, layers: [w.layers[0]!, scale(1.001, w.layers[1]!)] })),
    false,
  )
  assert.equal(
    changed((w) => ({ ...w, layers: [w.layers[1]!, w.layers[0]!] })),
    false,
  )
  const float32 = ({ rows, cols, data }: Matrix) => ({
    rows,
    cols,
    data: Float64Array.from(Float32Array.from(data)),
  })
  assert.equal(
    changed((w) => ({ layers: w.layers.map(float32), decoder: float32(w.decoder) })),
    true,
  )
  assert.equal(
    changed((w) => ({ ...w, layers: w.layers.map((layer) => scale(0, layer)) })),
    false,
  )
})

it('a wider encoder is judged where the data reach', () => {
  const wide: Matrix = {
    rows: 4,
    cols: 3,
    data: Float64Array.from([0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1, 0, 0, 0]),
  }
  const dead = diagonal([0.1, 0.1, 0.1, 7])
  assert.equal(isAlignedStart('jepa', { layers: [wide, dead], decoder: dead }, identity(3)), true)
  const mixed = multiply(dead, haarOrthogonal(4, 5, 0))
  assert.equal(isAlignedStart('jepa', { layers: [wide, mixed], decoder: dead }, identity(3)), false)
})
