import assert from 'node:assert/strict'
import { it } from 'node:test'
import { criticalTime } from '../../src/theory/critical-times.ts'
import {
  crossoverAsymptote,
  crossoverRatio,
  deepCrossover,
  firstLearned,
  isInverted,
} from '../../src/theory/crossover.ts'
import { depthLimit, isLearnable } from '../../src/theory/learnability.ts'
import type { Point } from '../../src/theory/mode.ts'
import { greedyIndex, learningOrder, overlaps, spread } from '../../src/theory/order.ts'

const objectives = ['jepa', 'mae'] as const
const features = (shared: Omit<Point, 'lambda' | 'rho'>, lambda: number[], rho: number[]) =>
  lambda.map((l, i): Point => ({ ...shared, lambda: l, rho: rho[i]! }))
const timesOf = (objective: 'jepa' | 'mae', points: Point[]) => points.map((p) => criticalTime(objective, p))

it('features never learned come last, by index, and ties go by index', () => {
  assert.deepEqual(learningOrder([Infinity, 3, Infinity, 1, 3]), [3, 1, 4, 0, 2])
  assert.deepEqual(learningOrder([Infinity, Infinity]), [0, 1])
})

it('greedy index and spread leave out what is never learned', () => {
  const shared = { depth: 3, scale: 1e-3, fraction: 0.5 }
  for (const objective of objectives) {
    const learned = features(shared, [2, 1], [1, 1])
    const all = features(shared, [2, -1, 1, 0], [1, -1, 1, 0])
    assert.equal(greedyIndex(objective, all), greedyIndex(objective, learned))
    assert.equal(spread(timesOf(objective, all)), spread(timesOf(objective, learned)))
    assert.equal(greedyIndex(objective, features(shared, [1, -1], [1, -1])), 1)
    assert.equal(greedyIndex(objective, features(shared, [-1], [-1])), null)
    assert.equal(spread([Infinity]), null)
    assert.equal(spread([0, 0]), 0)
  }
})

it('a feature that overshoots its fixed point counts as arrived, not more', () => {
  // both count as there at time 0, so the index decides; the second starts far above its fixed point 0.25
  const [phi] = overlaps('jepa', features({ depth: 2, scale: 0.8, fraction: 0.5 }, [1, 1], [1.2, 0.5]))
  assert.equal(phi, 1)
})

it('small starts learn one feature at a time, large ones together', () => {
  const at = (objective: 'jepa' | 'mae', scale: number) =>
    greedyIndex(objective, features({ depth: 3, scale, fraction: 0.5 }, [2, 1, 0.5, 0.25], [1, 1, 1, 1]))!
  assert.ok(at('jepa', 0.01) > 0.97 && at('mae', 0.01) > 0.85, `${at('jepa', 0.01)}, ${at('mae', 0.01)}`)
  assert.ok(at('jepa', 0.4) < 0.4 && at('mae', 0.4) < 0.4, `${at('jepa', 0.4)}, ${at('mae', 0.4)}`)
})

it('at equal λ deeper jepa spreads features of different ρ in time, mae does not', () => {
  const at = (objective: 'jepa' | 'mae', depth: number) =>
    spread(
      timesOf(
        objective,
        features({ depth, scale: 1e-4, fraction: 0.5 }, [1, 1, 1, 1], [0.9, 0.7, 0.5, 0.35]),
      ),
    )!
  const table = { jepa: [0.001, 0.027, 0.111, 0.24], mae: [0.055, 0.004, 0.001, 0.0004] }
  for (const objective of objectives) {
    for (const [k, wanted] of table[objective].entries()) {
      const got = at(objective, k + 1)
      assert.ok(Math.abs(got - wanted) < 6e-4, `${objective} at depth ${k + 1}: ${got}, table ${wanted}`) // 3 decimals
    }
  }
})

// R_M and R_J of docs/theory.md §4, to its three decimals
const table: [number, number, number, [number, number][]][] = [
  [
    0.3,
    0.9,
    1e-3,
    [
      [0.913, 1.007],
      [0.983, 1.127],
      [0.993, 1.475],
      [0.997, 2.178],
    ],
  ],
  [
    0.3,
    0.9,
    1e-4,
    [
      [0.936, 1.001],
      [0.995, 1.036],
      [0.999, 1.164],
      [1, 1.44],
    ],
  ],
  [
    0.3,
    0.9,
    1e-6,
    [
      [0.958, 1],
      [1, 1.003],
      [1, 1.029],
      [1, 1.094],
    ],
  ],
  [
    0.5,
    0.8,
    1e-4,
    [
      [0.973, 1],
      [0.998, 1.012],
      [1, 1.05],
      [1, 1.117],
    ],
  ],
]
for (const [a, b, scale, rows] of table) {
  it(`crossovers of ρ ${a}, ${b} from ε ${scale} have the published values`, () => {
    for (const [k, [mae, jepa]] of rows.entries()) {
      const pair = { depth: k + 1, scale, rho: [a, b] as [number, number], fraction: 0.5 }
      for (const [objective, wanted] of [
        ['mae', mae],
        ['jepa', jepa],
      ] as const) {
        const got = crossoverRatio(objective, pair)
        assert.ok(Math.abs(got - wanted) < 6e-4, `${objective} at depth ${k + 1}: ${got}, table ${wanted}`)
      }
    }
  })
}

for (const objective of objectives) {
  it(`${objective}: a λ ratio either side of the crossover changes who comes first`, () => {
    for (const depth of [1, 2, 3, 4]) {
      const pair = { depth, scale: 1e-4, rho: [0.3, 0.9] as [number, number], fraction: 0.5 }
      const ratio = crossoverRatio(objective, pair)
      for (const [factor, first] of [
        [1 / 3, 1],
        [0.5, 1],
        [0.999999, 1],
        [1.000001, 0],
        [3, 0],
      ] as const) {
        assert.equal(firstLearned(objective, pair, [factor * ratio, 1]), first, `${factor} at depth ${depth}`)
      }
    }
  })

  it(`${objective}: the crossover tends to its asymptote as the scale falls`, () => {
    for (const depth of [1, 2, 3, 4]) {
      const miss = (scale: number) => {
        const pair = { depth, scale, rho: [0.4, 0.8] as [number, number], fraction: 0.5 }
        const exact = crossoverRatio(objective, pair) - 1
        return Math.abs(crossoverAsymptote(objective, pair) - 1 - exact) / Math.abs(exact)
      }
      const misses = [1e-3, 1e-5, 1e-7].map(miss)
      assert.ok(misses[1]! < misses[0]! && misses[2]! < misses[1]!, `depth ${depth}: ${misses}`)
      // O(ε^(1/L)), but O(1/ln(1/ε)) at L = 1
      assert.ok(misses[2]! < (depth === 1 ? 0.3 : 0.15), `depth ${depth}: ${misses}`)
    }
  })
}

it('the objectives disagree exactly for λ ratios between the two crossovers', () => {
  for (const depth of [1, 2, 4]) {
    const pair = { depth, scale: 1e-4, rho: [0.3, 0.9] as [number, number], fraction: 0.5 }
    const [low, high] = [crossoverRatio('mae', pair), crossoverRatio('jepa', pair)]
    assert.ok(low < 1 && high > 1)
    assert.ok(isInverted(pair, [Math.sqrt(low * high), 1]))
    assert.ok(!isInverted(pair, [low * 0.9999, 1]) && !isInverted(pair, [high * 1.0001, 1]))
  }
})

it('at fixed layer scale the crossover of jepa rises, falls and tends to its deep limit', () => {
  const depths = [2, 3, 4, 8, 40, 100]
  const ratios = depths.map((depth) =>
    crossoverRatio('jepa', { depth, scale: 0.1 ** depth, rho: [0.3, 0.9], fraction: 0.5 }),
  )
  for (const [k, wanted] of [1.36, 1.47, 1.44, 1.37].entries()) {
    assert.ok(Math.abs(ratios[k]! - wanted) < 6e-3, `depth ${depths[k]}: ${ratios[k]}, table ${wanted}`) // two decimals
  }
  const limit = deepCrossover(0.1, [0.3, 0.9])
  assert.ok(Math.abs(limit - 4 / 3) < 1e-15) // rounding
  const gaps = ratios.slice(-2).map((ratio) => Math.abs(ratio - limit))
  assert.ok(gaps[1]! < gaps[0]! && gaps[1]! < 0.01, `${gaps}`) // O(1/L)
})

it('equal λ: jepa learns the higher ρ first at every depth, mae the lower', () => {
  for (const depth of [1, 2, 3, 4, 5]) {
    const pair = { depth, scale: 1e-6, rho: [0.5, 0.8] as [number, number], fraction: 0.5 }
    assert.equal(firstLearned('jepa', pair, [1, 1]), 1)
    assert.equal(firstLearned('mae', pair, [1, 1]), 0)
  }
  const late = { depth: 3, scale: 1e-6, rho: [0.5, 0.8] as [number, number], fraction: 0.9 }
  assert.equal(firstLearned('mae', late, [1, 1]), 1) // C_3(0.9) > 0 turns mae round
})

it('a depth past the limit is not learnable, the limit is', () => {
  for (const [rho, scale, fraction] of [
    [0.9, 1e-4, 0.5],
    [0.5, 0.01, 0.9],
    [0.5, 2 ** -10, 0.5],
    [0.3, 0.2, 0.5],
  ] as const) {
    const limit = depthLimit(rho, scale, fraction)
    const learnable = (depth: number) => isLearnable('jepa', { depth, lambda: 1, rho, scale, fraction })
    if (limit > 0) assert.ok(learnable(limit), `${rho}, ${scale}: ${limit}`)
    assert.ok(!learnable(limit + 1), `${rho}, ${scale}: ${limit}`)
  }
  assert.equal(depthLimit(1, 0.1, 0.5), Infinity)
  assert.equal(depthLimit(1, 0.6, 0.5), 0)
  assert.equal(depthLimit(1.2, 3, 0.5), Infinity)
})
