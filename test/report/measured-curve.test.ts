import assert from 'node:assert/strict'
import { it } from 'node:test'
import { amplitudeAt, measuredCurve, timeOfReaching } from '../../src/report/measured-curve.ts'

const curve = (amplitude: number[], time = amplitude.map((_, k) => k)) => ({ time, amplitude })

it('rows and passages make one rising series, and a passage on a row counts once', () => {
  const merged = measuredCurve(
    {
      time: [0, 1, 2, 3],
      step: [0, 1, 2, 3],
      loss: [0, 0, 0, 0],
      amplitudes: [[1, 2, 4, Number.NaN]],
      passages: [{ time: [0.5, 1 + 1e-15, 1.5], amplitude: [1.5, 2.1, 3] }],
    },
    0,
  )
  assert.deepEqual(merged, { time: [0, 0.5, 1, 1.5, 2], amplitude: [1, 1.5, 2, 3, 4] })
})

it('exponential growth beyond the fixed point is read to rounding', () => {
  const growth = curve(Array.from({ length: 20 }, (_, k) => Math.exp(k / 2)))
  const time = timeOfReaching(growth, 30, 1)
  assert.ok(Math.abs(time! - 2 * Math.log(30)) < 1e-12, `${time}`)
  assert.ok(Math.abs(amplitudeAt(growth, 2 * Math.log(30))! - 30) < 1e-11)
})

it('a noisy climb is dated between the two points around its first crossing', () => {
  const noisy = curve([0.1, 0.3, 0.2, 0.45, 0.35, 0.62, 0.48, 0.9, 1.2, 0.8])
  const time = timeOfReaching(noisy, 0.5, 1)!
  assert.ok(time >= 3 && time <= 5, `${time}`) // 0.45 at 3, the highest so far, and 0.62 at 5
  assert.equal(timeOfReaching(noisy, 1.3, 1), null)
  const above = timeOfReaching(noisy, 1.1, 1)!
  assert.ok(above >= 7 && above <= 8, `${above}`)
})

it('a level passed in one row is dated in that row, and one held from the start is 0', () => {
  assert.equal(timeOfReaching(curve([0, 5, 6]), 1, 10), 1)
  assert.equal(timeOfReaching(curve([0.4, 0.3, 0.2]), 0.35, 0.5), 0)
  assert.equal(timeOfReaching(curve([0.5, 0.5, 0.5]), 0.5, 1), 0)
  assert.equal(timeOfReaching(curve([]), 0.5, 1), null)
  const jump = timeOfReaching(curve([0.1, 3]), 0.5, 1)!
  assert.ok(jump > 0 && jump < 1, `${jump}`)
})

it('amplitudes outside the measured time are unknown', () => {
  const two = curve([1, 2], [1, 2])
  assert.equal(amplitudeAt(two, 0.5), null)
  assert.equal(amplitudeAt(two, 2.5), null)
  assert.equal(amplitudeAt(two, 1), 1)
  assert.ok(Math.abs(amplitudeAt(two, 2)! - 2) < 1e-15)
})
