import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { zeros } from '../../src/experiment/matrix.ts'
import { measurements, weights } from './example-run.ts'

const original = fingerprintOf(measurements, weights)

it('a fingerprint is 64 hexadecimal digits and stays', () => {
  // Raising NUMERICS is no reason for this to change; changing it breaks comparisons with stored runs.
  assert.equal(original, '816bbc0973831ba4db2076d485f9007370a7fad64b39ad9c9674e7e32372a5a5')
})

it('one bit in any series or weight changes the fingerprint', () => {
  const loss = [...measurements.loss]
  loss[2] = loss[2]! * (1 + Number.EPSILON)
  assert.notEqual(fingerprintOf({ ...measurements, loss }, weights), original)
  const [first, second] = measurements.passages
  const passages = [{ time: [0.15 + 2 ** -55], amplitude: first!.amplitude }, second!]
  assert.notEqual(fingerprintOf({ ...measurements, passages }, weights), original)
  const decoder = { ...weights.decoder, data: weights.decoder.data.slice() }
  decoder.data[0] = 0.1 + 2 ** -56
  assert.notEqual(fingerprintOf(measurements, { ...weights, decoder }), original)
})

it('the same numbers in another shape have another fingerprint', () => {
  const a = { layers: [zeros(2, 3)], decoder: zeros(2, 2) }
  const b = { layers: [zeros(3, 2)], decoder: zeros(2, 2) }
  assert.notEqual(fingerprintOf(measurements, a), fingerprintOf(measurements, b))
  const [one, two] = measurements.amplitudes
  const moved = { ...measurements, amplitudes: [[...one!, two![0]!], two!.slice(1)] }
  assert.notEqual(fingerprintOf(moved, weights), original)
})

it('minus zero and the kinds of not-a-number make no difference', () => {
  const decoder = { ...weights.decoder, data: weights.decoder.data.map((v) => v + 0) }
  assert.equal(fingerprintOf(measurements, { ...weights, decoder }), original)
  const withLoss = (last: number) => fingerprintOf({ ...measurements, loss: [1, 0.5, last] }, weights)
  assert.equal(withLoss(Number.POSITIVE_INFINITY), withLoss(Number.NaN))
})
