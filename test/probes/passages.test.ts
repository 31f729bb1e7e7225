import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PassageRecord, rung } from '../../workers/probes/passages.ts'

const one = (value: number) => Float64Array.of(value)

it('rungs are the 10^(k/40)', () => {
  for (const k of [-800, -119, -40, -1, 0, 1, 17, 40, 6000]) {
    assert.ok(Math.abs(rung(k) / 10 ** (k / 40) - 1) < 1e-13) // Math.pow's own rounding at k/40
  }
})

it('an exponential is dated exactly by looks that are far apart', () => {
  const record = new PassageRecord(0, one(1e-3))
  for (let t = 0.7; t < 8; t += 0.7) record.look(t, one(1e-3 * Math.exp(t)))
  const { time, amplitude } = record.passages[0]!
  assert.ok(time.length > 120)
  for (const [k, level] of amplitude.entries()) {
    assert.ok(Math.abs(time[k]! - Math.log(level / 1e-3)) < 1e-12, `${level} at ${time[k]}`) // rounding
  }
})

it('where the amplitude inside a step can be had, every rung is dated there, however far apart the looks', () => {
  const sigmoid = (t: number) => 1 / (1 + 1e3 * Math.exp(-t))
  const record = new PassageRecord(0, one(sigmoid(0)))
  const seen = one(0) // a view, as engines hand it out
  for (let t = 2.5; t <= 10; t += 2.5) {
    seen[0] = sigmoid(t)
    record.look(t, seen, (x) => {
      seen[0] = sigmoid(t - 2.5 * (1 - x))
      return seen
    })
  }
  const { time, amplitude } = record.passages[0]!
  assert.ok(time.length > 110)
  for (const [k, level] of amplitude.entries()) {
    const exact = Math.log((1e3 * level) / (1 - level))
    assert.ok(Math.abs(time[k]! - exact) < 1e-12, `${level} at ${time[k]}, exactly ${exact}`) // rounding
  }
})

it('a rung is dated once, upward past the maximum and downward past the minimum', () => {
  const record = new PassageRecord(0, one(1.01))
  for (const [t, a] of [
    [1, 1.13],
    [2, 1.01],
    [3, 1.13],
    [4, 0.93],
    [5, 1.2],
  ] as const)
    record.look(t, one(a))
  const { time, amplitude } = record.passages[0]!
  assert.deepEqual(amplitude, [rung(1), rung(2), rung(0), rung(-1), rung(3)])
  assert.ok(time.every((t, k) => t >= [0, 0, 3, 3, 4][k]! && t <= [1, 1, 4, 4, 5][k]!))
})

it('an amplitude of zero is looked at without a date that is not a number', () => {
  const record = new PassageRecord(0, Float64Array.of(0, 1e-3))
  record.look(1, Float64Array.of(1e-19, 0), () => Float64Array.of(Number.NaN, Number.NaN))
  assert.ok(record.passages[0]!.time.length > 0)
  assert.ok(record.passages.every(({ time }) => time.every((t) => t === 1)))
})
