import assert from 'node:assert/strict'
import { it } from 'node:test'
import { advance, clockOf } from '../../src/theory/clock.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint, layerFixedPoint, layerVelocity, modeVelocity } from '../../src/theory/fixed-points.ts'
import { logOmega } from '../../src/theory/lambert.ts'
import type { Mode } from '../../src/theory/mode.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'
import { flowFor, relativeError } from './numerics.ts'

const objectives = ['jepa', 'mae'] as const

/** w̄ by an ODE solver on ln u, from the velocities written out again. */
function byOde(objective: 'jepa' | 'mae', { depth, lambda, rho, scale }: Mode, time: number): number {
  const field = ([x]: Float64Array) => {
    const u = Math.exp(x!)
    const velocity =
      objective === 'jepa'
        ? lambda * u ** (2 * depth) - (lambda / rho) * u ** (2 * depth + 1)
        : lambda * u ** depth - (lambda / rho) * u ** (2 * depth + 1)
    return Float64Array.of(velocity / u)
  }
  return Math.exp(depth * flowFor(field, [Math.log(scale) / depth], time, 1e-12)[0]!)
}

const paths = [
  { name: 'growth', lambda: 0.7, rho: 0.6, scale: 0.01 },
  { name: 'growth past 1', lambda: 0.7, rho: 1.6, scale: 0.01 },
  { name: 'decay from above', lambda: 0.7, rho: 0.6, scale: 3 },
  { name: 'decay of λ < 0', lambda: -0.5, rho: -0.4, scale: 0.3 },
]
for (const objective of objectives) {
  for (const depth of [1, 2, 3, 6]) {
    for (const { name, ...mode } of paths) {
      it(`${objective} at depth ${depth}: ${name} follows the differential equation`, () => {
        const end = criticalTime(objective, { ...mode, depth, fraction: 0.9 })
        const unit = end > 0 && end < Infinity ? end : 2
        for (const share of [0.1, 0.5, 0.9, 1, 1.2, 5]) {
          const [got] = amplitudesAt(objective, { ...mode, depth }, [share * unit])
          const wanted = byOde(objective, { ...mode, depth }, share * unit)
          // the solver's error in t, 1e-12 relative, times dw̄/dt · t/w̄, which is at most about 1e3 here
          assert.ok(relativeError(got!, wanted) < 1e-8, `at ${share}: ${got}, solver ${wanted}`)
        }
      })
    }

    it(`${objective} at depth ${depth}: critical time and trajectory are inverse to each other`, () => {
      for (const rho of [0.5, 1, 1.4]) {
        for (const fraction of [0.02, 0.5, 0.9, 0.9999]) {
          const mode = { depth, lambda: 1.3, rho, scale: 1e-4 * rho ** depth }
          const [w] = amplitudesAt(objective, mode, [criticalTime(objective, { ...mode, fraction })])
          const wanted = fraction * fixedPoint(objective, rho, depth)
          // t is rounded to 1e-16 of itself and w̄ moves by 1e-16 · t w̄'/w̄ < 1e-8
          assert.ok(relativeError(w!, wanted) < 1e-8, `ρ ${rho}, p ${fraction}: ${w}, level ${wanted}`)
        }
      }
    })

    it(`${objective} at depth ${depth}: starts at ε with the velocity and ends at the fixed point`, () => {
      for (const { name, ...path } of paths) {
        const mode = { ...path, depth }
        const wait = 1e-6
        const [start, soon, end] = amplitudesAt(objective, mode, [0, wait, Infinity])
        assert.equal(start, mode.scale, name)
        const wanted = modeVelocity(objective, mode.scale, mode.lambda, mode.rho, depth)
        const slope = (soon! - mode.scale) / wait
        // second order, 1e-6 · |w̄''/w̄'|, and rounding of the difference, 1e-16/1e-6
        assert.ok(
          Math.abs(slope - wanted) < 1e-3 * Math.abs(wanted) + 1e-9,
          `${name}: ${slope}, velocity ${wanted}`,
        )
        assert.equal(end, mode.lambda > 0 ? fixedPoint(objective, mode.rho, depth) : 0)
      }
    })
  }

  it(`${objective} at depth 1: the closed form and the inverted clock agree`, () => {
    for (const { name, ...path } of paths) {
      const mode = { ...path, depth: 1 }
      const clock = clockOf(objective, mode)
      for (const time of [0.01, 1, 10, 300]) {
        const [closed] = amplitudesAt(objective, mode, [time])
        const inverted = clock.amplitude(advance(clock, clock.start, time))
        assert.ok(
          relativeError(inverted, closed!) < 1e-11,
          `${name} at ${time}: ${inverted}, closed ${closed}`,
        ) // rounding × conditioning
      }
    }
  })

  it(`${objective}: times may come in any order and repeat`, () => {
    const mode = { depth: 3, lambda: 1, rho: 0.7, scale: 0.01 }
    const rising = [0, 10, 500, 900, 1100, 5000, Infinity]
    const wanted = amplitudesAt(objective, mode, rising)
    const shuffled = [5, 0, 3, 3, 6, 1, 4, 2]
    assert.deepEqual(
      amplitudesAt(
        objective,
        mode,
        shuffled.map((k) => rising[k]!),
      ),
      // the same legs in the same order: the same bits
      shuffled.map((k) => wanted[k]),
    )
  })

  it(`${objective}: a feature with λ = 0 decays as the limit of a small negative λ at its variance`, () => {
    const times = [0, 1, 30, 1e4, Infinity]
    for (const depth of [1, 2, 5]) {
      const mode = { depth, lambda: 0, rho: 0, scale: 0.4, sigma2: 1.7 }
      const limit = { ...mode, lambda: -1e-14, rho: -1e-14 / 1.7 }
      const near = amplitudesAt(objective, limit, times)
      for (const [k, w] of amplitudesAt(objective, mode, times).entries()) {
        assert.ok(Math.abs(w - near[k]!) <= 1e-8 * 0.4, `t = ${times[k]}: ${w}, limit ${near[k]}`) // O(λ t/u)
      }
    }
  })

  it(`${objective}: a fixed point and a feature with λ = 0 stand still`, () => {
    const target = fixedPoint(objective, 0.6, 2)
    assert.deepEqual(amplitudesAt(objective, { depth: 2, lambda: 1, rho: 0.6, scale: target }, [0, 9]), [
      target,
      target,
    ])
    assert.deepEqual(amplitudesAt(objective, { depth: 2, lambda: 0, rho: 0, scale: 0.1 }, [0, 9]), [0.1, 0.1])
    const layer = layerFixedPoint(objective, 0.6, 2)
    assert.ok(Math.abs(layerVelocity(objective, layer, 1, 0.6, 2)) < 1e-15) // rounding
    assert.equal(layerVelocity(objective, 0.3, 0, 0, 2), 0)
  })

  it(`${objective}: very long and very short times stay in bounds`, () => {
    for (const depth of [1, 2, 8]) {
      for (const { name, ...path } of paths) {
        const mode = { ...path, depth }
        const series = amplitudesAt(objective, mode, [1e-12, 1e-3, 1, 1e3, 1e6, 1e12, 1e200])
        const end = mode.lambda > 0 ? fixedPoint(objective, mode.rho, depth) : 0
        const [low, high] = [Math.min(mode.scale, end), Math.max(mode.scale, end)]
        for (const w of series)
          assert.ok(w >= low * (1 - 1e-12) && w <= high * (1 + 1e-12), `${name}: ${series}`)
        const rises = end > mode.scale
        for (let k = 1; k < series.length; k++) {
          const step = series[k]! - series[k - 1]!
          assert.ok((rises ? step : -step) >= -1e-15, `${name}, depth ${depth}: ${series}`) // rounding
        }
      }
    }
  })
}

it('a start far above 1 shrinks at any depth without overflow', () => {
  for (const objective of objectives) {
    for (const depth of [1, 2, 8]) {
      const mode = { depth, lambda: 1, rho: 0.5, scale: 1e40 }
      const series = amplitudesAt(objective, mode, [1e-300, 1e-6, 1, 1e6, 1e200])
      const target = fixedPoint(objective, 0.5, depth)
      for (const [k, w] of series.entries()) {
        assert.ok(
          w >= target * (1 - 1e-12) && w <= (series[k - 1] ?? mode.scale) * (1 + 1e-12),
          `${objective} ${depth}: ${series}`,
        )
      }
      assert.ok(relativeError(series.at(-1)!, target) < 1e-12, `${objective} ${depth}: ${series}`) // rounding
    }
  }
})

it('logOmega solves x + ln x = c from far below to far above 0', () => {
  for (const c of [-1e4, -745, -30, -2, -1, 0, 0.5, 1, 2, 40, 1e6, 1e300]) {
    const x = logOmega(c)
    if (c < -700) assert.ok(x < 1e-303, `${c}: ${x}`)
    else assert.ok(Math.abs(x + Math.log(x) - c) <= 4e-16 * (Math.abs(c) + 1), `${c}: ${x}`) // rounding
  }
})
