import assert from 'node:assert/strict'
import type { Problem } from '../../src/data/problem.ts'

/**
 * Draws from a problem's sampler and holds each second moment to the population: within 5.5 standard
 * errors, estimated from the same draws (one entry in 10^7 would miss by chance).
 */
export function assertSamplesMatch(
  problem: Pick<Problem, 'features' | 'moments' | 'sampler'>,
  { rows = 50_000, steps = 4, seed = 7 } = {},
): void {
  const d = problem.features
  const sampler = problem.sampler(seed)
  const names = ['Sxx', 'Syx', 'Syy'] as const
  const sums = names.map(() => ({ first: new Float64Array(d * d), second: new Float64Array(d * d) }))
  for (let step = 0; step < steps; step++) {
    const { x, y } = sampler.draw(step, rows)
    assert.equal(x.length, rows * d)
    assert.equal(y.length, rows * d)
    for (const [m, [left, right]] of [
      [x, x],
      [y, x],
      [y, y],
    ].entries()) {
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < d; i++) {
          for (let j = 0; j < d; j++) {
            const product = left![r * d + i]! * right![r * d + j]!
            sums[m]!.first[i * d + j]! += product
            sums[m]!.second[i * d + j]! += product * product
          }
        }
      }
    }
  }
  const n = rows * steps
  for (const [m, name] of names.entries()) {
    for (let at = 0; at < d * d; at++) {
      const mean = sums[m]!.first[at]! / n
      const error = Math.sqrt(Math.max(0, sums[m]!.second[at]! / n - mean * mean) / n)
      const expected = problem.moments[name].data[at]!
      assert.ok(
        Math.abs(mean - expected) <= 5.5 * error + 1e-12,
        `${name}(${Math.floor(at / d)}, ${at % d}) is ${mean}, population ${expected}, standard error ${error}`,
      )
    }
  }
}
