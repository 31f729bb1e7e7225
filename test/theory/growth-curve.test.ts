import assert from 'node:assert/strict'
import { it } from 'node:test'
import { advance, clockOf } from '../../src/theory/clock.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { growingAmplitudes } from '../../src/theory/growth-curve.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'
import { relativeError } from './numerics.ts'

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [2, 3, 5, 8]) {
    it(`${objective} at depth ${depth}: the shared curve and the mode’s own clock agree`, () => {
      for (const rho of [0.3, 0.9, 1.7]) {
        for (const start of [1e-8, 1e-3, 0.3, 0.999]) {
          const mode = { depth, lambda: 0.8, rho, scale: start * fixedPoint(objective, rho, depth) }
          const half = criticalTime(objective, { ...mode, fraction: 0.9995 })
          const times = Array.from({ length: 60 }, (_, k) => half * 10 ** (k / 12 - 4))
          const found = growingAmplitudes(objective, mode, times)!
          const clock = clockOf(objective, mode)
          let [y, now] = [clock.start, 0]
          for (const [k, time] of times.entries()) {
            ;[y, now] = [advance(clock, y, time - now), time]
            const wanted = clock.amplitude(y)
            // both carry the rounding of t, 1e-16, times t w̄'/w̄, which the clock gives
            const steep = (depth * time) / clock.slope(y) + 1
            const error = relativeError(found[k]!, wanted)
            assert.ok(error < 1e-14 * steep * depth, `ρ ${rho}, ε ${mode.scale}, t ${time}: off by ${error}`)
          }
        }
      }
    })

    it(`${objective} at depth ${depth}: a lone time and a list give the same amplitude`, () => {
      const mode = { depth, lambda: 1.2, rho: 0.6, scale: 1e-6 * 0.6 ** depth }
      const half = criticalTime(objective, { ...mode, fraction: 0.5 })
      const times = [0, 1e-9, 0.2, 0.999, 1, 1.0001, 1.7, 40, 1e9].map((share) => share * half)
      const together = amplitudesAt(objective, mode, times)
      for (const [k, time] of times.entries()) {
        const [lone] = amplitudesAt(objective, mode, [time])
        assert.ok(relativeError(lone!, together[k]!) < 1e-9, `t ${time}: ${lone}, ${together[k]}`) // rounding of t
      }
    })
  }
}

it('a curve that leaves float64 on its way is left to the clock', () => {
  const wild = { depth: 8, lambda: 1, rho: 1e15, scale: 1e-40 } // r₀¹⁵ = 1e300, and its derivatives beyond
  assert.equal(growingAmplitudes('jepa', wild, [1]), null)
  const half = criticalTime('jepa', { ...wild, fraction: 0.5 })
  const [start, soon, later] = amplitudesAt('jepa', wild, [0, half / 2, 2 * half])
  assert.ok(start! < soon! && soon! < later!, `${start}, ${soon}, ${later}`)
  assert.ok(relativeError(later!, fixedPoint('jepa', wild.rho, 8)) < 1e-12, `${later}`)
})
