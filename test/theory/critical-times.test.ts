import assert from 'node:assert/strict'
import { it } from 'node:test'
import { criticalTime, leadingTime, maeConstant, remainder } from '../../src/theory/critical-times.ts'
import { fixedPoint, layerFixedPoint } from '../../src/theory/fixed-points.ts'
import { maeIntegral } from '../../src/theory/mae-integral.ts'
import type { Point } from '../../src/theory/mode.ts'
import { quadrature, relativeError } from './numerics.ts'

const objectives = ['jepa', 'mae'] as const
const depths = [1, 2, 3, 4, 5, 6, 7, 8]
const base: Point = { depth: 3, lambda: 0.7, rho: 0.6, scale: 1e-3, fraction: 0.5 }

/** ∫ du/u' in x = logit(u/u*), written from the velocities alone. */
function timeByQuadrature(objective: 'jepa' | 'mae', { depth, lambda, rho, scale, fraction }: Point): number {
  const target = layerFixedPoint(objective, rho, depth)
  const logit = (v: number) => Math.log(v / (1 - v))
  const [from, to] = [logit(scale ** (1 / depth) / target), logit(fraction ** (1 / depth))]
  const rate = (x: number) => {
    const v = 1 / (1 + Math.exp(-x))
    let sum = 1 // (1 − v^m)/(1 − v) of the velocity's last factor
    for (let k = 1; k <= (objective === 'mae' ? depth : 0); k++) sum += v ** k
    return lambda * (target * v) ** ((objective === 'jepa' ? 2 * depth : depth) - 1) * sum
  }
  let total = 0
  const panels = 8
  for (let k = 0; k < panels; k++) {
    const at = (n: number) => from + ((to - from) * n) / panels
    total += quadrature((x) => 1 / rate(x), at(k), at(k + 1))
  }
  return total
}

for (const objective of objectives) {
  for (const depth of depths) {
    it(`${objective} at depth ${depth}: the critical time is the integral of 1/velocity`, () => {
      for (const rho of [0.35, 0.8, 1, 1.7]) {
        for (const scale of [1e-9, 1e-4, 0.02]) {
          for (const fraction of [0.01, 0.5, 0.9, 0.999]) {
            const point = { depth, lambda: 0.7, rho, scale, fraction }
            if (scale >= fraction * fixedPoint(objective, rho, depth)) continue
            const [got, wanted] = [criticalTime(objective, point), timeByQuadrature(objective, point)]
            // the quadrature's own error
            assert.ok(
              relativeError(got, wanted) < 1e-11,
              `${JSON.stringify(point)}: ${got}, quadrature ${wanted}`,
            )
          }
        }
      }
    })

    it(`${objective} at depth ${depth}: leading sum and remainder add up to the critical time`, () => {
      for (const rho of [0.4, 1, 1.5]) {
        for (const scale of [1e-12, 1e-5, 1e-2]) {
          const point = { ...base, depth, rho, scale }
          const sum = leadingTime(objective, point) + remainder(objective, point)
          const exact = criticalTime(objective, point)
          // rounding of the two parts, which may cancel near the edge of learnability
          const rounding = 1e-13 * (leadingTime(objective, point) + Math.abs(remainder(objective, point)))
          assert.ok(Math.abs(sum - exact) <= rounding, `${JSON.stringify(point)}: ${sum}, exact ${exact}`)
        }
      }
    })
  }

  it(`${objective}: a feature with λ ≤ 0 is never learned`, () => {
    for (const [lambda, rho] of [
      [-0.3, -0.4],
      [0, 0],
      [0, 0.5],
    ] as const) {
      assert.equal(criticalTime(objective, { ...base, lambda, rho }), Infinity)
      assert.equal(leadingTime(objective, { ...base, lambda, rho }), Infinity)
    }
  })

  it(`${objective}: a start at the level or above the fixed point takes no time`, () => {
    const target = fixedPoint(objective, base.rho, base.depth)
    for (const share of [0.5, 0.7, 1, 1.5, 40]) {
      const point = { ...base, scale: share * target }
      assert.equal(criticalTime(objective, point), 0)
      assert.equal(leadingTime(objective, point) + remainder(objective, point), 0)
    }
  })

  it(`${objective}: a start just below the level takes (p w̄* − ε)/velocity, without cancellation`, () => {
    const level = base.fraction * fixedPoint(objective, base.rho, base.depth)
    const gap = 2 ** -30
    const got = criticalTime(objective, { ...base, scale: level * (1 - gap) })
    const layer = level ** (1 / base.depth)
    const power = objective === 'jepa' ? 2 * base.depth : base.depth
    const share = objective === 'jepa' ? layer / base.rho : layer ** (base.depth + 1) / base.rho
    const wanted = (gap * layer) / base.depth / (base.lambda * layer ** power * (1 - share))
    // first order in the gap 9e-10; p w̄* is rounded to 1e-16 of itself, 1e-7 of the gap
    assert.ok(relativeError(got, wanted) < 1e-6, `${got}, first order ${wanted}`)
  })

  it(`${objective}: time scales as 1/λ and rises with the level`, () => {
    const once = criticalTime(objective, base)
    assert.ok(relativeError(criticalTime(objective, { ...base, lambda: 2.1 }), once / 3) < 1e-14) // rounding
    let last = 0
    for (const fraction of [0.1, 0.5, 0.9, 0.99, 1 - 1e-9, 1 - 1e-15]) {
      const time = criticalTime(objective, { ...base, fraction })
      assert.ok(time > last && time < Infinity, `${time} at ${fraction} after ${last}`)
      last = time
    }
  })
}

it('mae integral: series and root form meet, and the slope is v/(1 − v^m)', () => {
  for (const depth of [1, 2, 3, 5, 8, 12]) {
    const at = (v: number) => maeIntegral(v, Math.log1p(-v), depth)
    const [below, above] = [at(0.5), at(0.5 + 1e-15)]
    assert.ok(Math.abs(above - below) < 2e-15, `depth ${depth}: ${below} and ${above}`) // rounding
    for (const v of [0.2, 0.6, 0.95, 0.999]) {
      const wanted = quadrature((s) => s / (1 - s ** (depth + 1)), 0, v)
      assert.ok(
        relativeError(at(v), wanted) < 1e-12,
        `depth ${depth}, v ${v}: ${at(v)}, quadrature ${wanted}`,
      )
    }
  }
})

it("mae's constants C_L(p) have the published values", () => {
  for (const [depth, fraction, wanted] of [
    [2, 0.5, -1.118],
    [3, 0.5, -0.423],
    [4, 0.5, -0.15],
    [2, 0.95, 0.08],
    [3, 0.9, 0.301],
  ] as const) {
    const got = maeConstant(depth, fraction)
    assert.ok(Math.abs(got - wanted) < 6e-4, `C_${depth}(${fraction}) = ${got}, table ${wanted}`) // three decimals
  }
})

it("mae's remainder tends to C_L(p)/(λ ρ^((L−1)/(L+1))) as the scale falls", () => {
  for (const depth of [2, 3, 5]) {
    const limit = maeConstant(depth, 0.5) / (base.lambda * base.rho ** ((depth - 1) / (depth + 1)))
    const miss = (scale: number) => Math.abs(remainder('mae', { ...base, depth, scale }) - limit)
    for (const scale of [1e-6, 1e-9, 1e-12]) {
      const start = scale ** (1 / depth) / layerFixedPoint('mae', base.rho, depth)
      const bound = start ** 2 / (base.lambda * base.rho ** ((depth - 1) / (depth + 1))) // G(a) = a²/2 + …
      assert.ok(miss(scale) < bound + 1e-14, `depth ${depth}: off by ${miss(scale)} from ${limit}`)
    }
  }
})

it("jepa's remainder tends to ln(1/ε)/(L λ ρ^(2L−1)) as the scale falls", () => {
  for (const depth of [1, 2, 3]) {
    const ratio = (scale: number) =>
      remainder('jepa', { ...base, depth, scale }) /
      (Math.log(1 / scale) / (depth * base.lambda * base.rho ** (2 * depth - 1)))
    const gaps = [1e-20, 1e-60, 1e-140].map((scale) => Math.abs(ratio(scale) - 1))
    assert.ok(gaps[2]! < gaps[1]! && gaps[1]! < gaps[0]! && gaps[2]! < 0.06, `${gaps}`) // O(1/ln(1/ε))
  }
})

it('scales down to 1e-140 and depth 8 neither overflow nor lose the order', () => {
  for (const objective of objectives) {
    for (const depth of depths) {
      const times = [0.3, 0.6, 0.9].map((rho) =>
        criticalTime(objective, { ...base, depth, rho, scale: 1e-140 }),
      )
      assert.ok(
        times.every((t) => t > 0 && t < Infinity),
        `${objective}, depth ${depth}: ${times}`,
      )
      if (objective === 'jepa') assert.ok(times[0]! >= times[2]!)
    }
  }
})

it('arguments outside the formulas are refused', () => {
  for (const wrong of [
    { depth: 0 },
    { depth: 1.5 },
    { scale: 0 },
    { fraction: 1 },
    { rho: -0.5 },
    { lambda: NaN },
  ]) {
    assert.throws(() => criticalTime('jepa', { ...base, ...wrong }), RangeError, JSON.stringify(wrong))
  }
})
