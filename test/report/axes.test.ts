import assert from 'node:assert/strict'
import { it } from 'node:test'
import { coloursByRank } from '../../src/report/colours.ts'
import { spreadLabels } from '../../src/report/layout.ts'
import { rankCorrelation } from '../../src/report/rank-correlation.ts'
import { formatShort, formatTick, linearTicks, logTicks } from '../../src/report/ticks.ts'

it('ticks are round, rising and inside the axis', () => {
  assert.deepEqual(linearTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1])
  assert.deepEqual(linearTicks(23_000, 26_500, 4), [23_000, 24_000, 25_000, 26_000])
  assert.deepEqual(logTicks(0.08, 120, 4), [0.1, 1, 10, 100])
  assert.deepEqual(logTicks(2, 130, 4), [3, 10, 30, 100])
  assert.deepEqual(logTicks(1e-9, 1e9, 5).length, 5)
  for (const [from, to] of [
    [1.01, 1.9],
    [5, 7],
    [0.3, 11],
    [1e-5, 3e7],
    [99, 101],
  ] as const) {
    const ticks = logTicks(from, to, 5)
    assert.ok(ticks.length >= 2 && ticks.length <= 9, `${from} … ${to}: ${ticks}`)
    assert.ok(
      ticks.every((tick, k) => tick >= from * 0.999 && tick <= to * 1.001 && tick > (ticks[k - 1] ?? 0)),
    )
  }
})

it('numbers are written as people write them', () => {
  const written = [0, 0.05, 250, 23_400, 1_650_000, 1e6, 1e-4, 2.5e-7].map(formatTick)
  assert.deepEqual(written, ['0', '0.05', '250', '23\u2009400', '1.65×10⁶', '10⁶', '10⁻⁴', '2.5×10⁻⁷'])
  assert.equal(formatShort(-0.123456), '−0.123')
  assert.deepEqual([5e-324, 1e308].map(formatTick), ['4.941×10⁻³²⁴', '10³⁰⁸']) // the ends of the doubles
})

it('labels move apart around where they belong and stay between the ends', () => {
  assert.deepEqual(spreadLabels([100, 300], 50, 0, 400), [100, 300])
  assert.deepEqual(spreadLabels([200, 200, 200], 50, 0, 400), [150, 200, 250])
  assert.deepEqual(spreadLabels([0, 0], 50, 0, 400), [25, 75])
  assert.deepEqual(spreadLabels([400, 400], 50, 0, 400), [325, 375])
})

it('the largest value is darkest and equal values share a colour', () => {
  const [low, high, same] = coloursByRank([0.1, 0.9, 0.9])
  assert.equal(high, '#440154')
  assert.equal(same, high)
  assert.notEqual(low, high)
})

it("Spearman's correlation shares ranks among ties and is null where there is no order", () => {
  assert.equal(rankCorrelation([1, 2, 3], [10, 20, 30]), 1)
  assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1)
  assert.equal(rankCorrelation([5], [1]), null)
  assert.equal(rankCorrelation([1, 1], [1, 2]), null)
  // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5/√(4.5 · 5).
  assert.ok(Math.abs(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])! - 4.5 / Math.sqrt(22.5)) < 1e-15)
})
