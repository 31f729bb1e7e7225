import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Objective } from '../../src/experiment/spec.ts'
import { criticalTime, leadingTime, remainder } from '../../src/theory/critical-times.ts'
import { crossoverAsymptote, crossoverRatio, firstLearned, isInverted } from '../../src/theory/crossover.ts'
import { fixedPoint, fixedPointLoss, layerFixedPoint } from '../../src/theory/fixed-points.ts'
import { depthLimit } from '../../src/theory/learnability.ts'
import { greedyIndex, learningOrder, overlaps, spread } from '../../src/theory/order.ts'
import { predict } from '../../src/theory/predict.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'
import { assertAllClose, assertClose, goldenCases } from './golden.ts'

interface PointInput {
  objective: Objective
  L: number
  lam: number
  rho: number
  eps: number
  p: number
}
interface FeaturesInput {
  objective: Objective
  L: number
  eps: number
  lam: number[]
  rho: number[]
  p: number
}

const pointsOf = ({ L, eps, lam, rho, p }: FeaturesInput) =>
  lam.map((lambda, i) => ({ depth: L, scale: eps, fraction: p, lambda, rho: rho[i]! }))

for (const c of goldenCases<
  { objective: Objective; L: number; rho: number },
  { w_star: number; u_star: number }
>('fixed_point')) {
  it(`golden ${c.id}: fixed point of ${c.input.objective} at depth ${c.input.L}`, () => {
    const { objective, L, rho } = c.input
    assertClose(fixedPoint(objective, rho, L), c.expected.w_star, c, 'w̄*')
    assertClose(layerFixedPoint(objective, rho, L), c.expected.u_star, c, 'u*')
  })
}

for (const c of goldenCases<
  PointInput,
  { t_flow: number; t_paper?: number; leading_flow?: number; remainder_flow?: number }
>('critical_time')) {
  it(`golden ${c.id}: critical time of ${c.input.objective} at depth ${c.input.L}`, () => {
    const { objective, L, lam, rho, eps, p } = c.input
    const point = { depth: L, lambda: lam, rho, scale: eps, fraction: p }
    assertClose(criticalTime(objective, point), c.expected.t_flow, c, 't*')
    if (c.expected.t_paper !== undefined) {
      const request = { objective, depth: L, scale: eps, lambda: [lam], rho: [rho], fraction: p }
      const paper = predict({ ...request, timeUnit: 'paper' })
      assertClose(paper.features[0]!.criticalTime!, c.expected.t_paper, c, 't* in paper time')
    }
    if (c.expected.leading_flow !== undefined) {
      assertClose(leadingTime(objective, point), c.expected.leading_flow, c, 'leading sum')
      assertClose(remainder(objective, point), c.expected.remainder_flow!, c, 'remainder')
    }
  })
}

for (const c of goldenCases<Omit<PointInput, 'p'> & { t: number[] }, { w: number[]; w_star?: number }>(
  'trajectory',
)) {
  it(`golden ${c.id}: trajectory of ${c.input.objective} at depth ${c.input.L}`, () => {
    const { objective, L, lam, rho, eps, t } = c.input
    const mode = { depth: L, lambda: lam, rho, scale: eps }
    assertAllClose(amplitudesAt(objective, mode, t), c.expected.w, c, 'w̄')
    if (c.expected.w_star !== undefined) {
      assertClose(amplitudesAt(objective, mode, [Infinity])[0]!, c.expected.w_star, c, 'w̄*')
    }
  })
}

type OrderExpected = Record<Objective, { order: number[]; times: (number | string)[] }>
for (const c of goldenCases<FeaturesInput, OrderExpected>('order')) {
  for (const objective of ['jepa', 'mae'] as const) {
    it(`golden ${c.id}: order of ${objective}`, () => {
      const times = pointsOf(c.input).map((point) => criticalTime(objective, point))
      assertAllClose(times, c.expected[objective].times, c, 't*')
      assert.deepEqual(learningOrder(times), c.expected[objective].order)
    })
  }
}

interface GreedyExpected {
  order: number[]
  times: number[]
  phi: number[]
  greedy_index: number
  spread: number
}
for (const c of goldenCases<FeaturesInput, GreedyExpected>('greedy')) {
  it(`golden ${c.id}: how separately ${c.input.objective} learns`, () => {
    const points = pointsOf(c.input)
    const times = points.map((point) => criticalTime(c.input.objective, point))
    assertAllClose(times, c.expected.times, c, 't*')
    assert.deepEqual(learningOrder(times), c.expected.order)
    assertAllClose(overlaps(c.input.objective, points), c.expected.phi, c, 'φ')
    assertClose(greedyIndex(c.input.objective, points)!, c.expected.greedy_index, c, 'greedy index')
    assertClose(spread(times)!, c.expected.spread, c, 'spread')
  })
}

interface InversionInput {
  L: number
  eps: number
  lam: [number, number]
  rho: [number, number]
  p: number
}
for (const c of goldenCases<InversionInput, { inverted: boolean; jepa_first: number; mae_first: number }>(
  'inversion',
)) {
  it(`golden ${c.id}: whether the two objectives disagree`, () => {
    const { L, eps, lam, rho, p } = c.input
    const pair = { depth: L, scale: eps, rho, fraction: p }
    assert.equal(isInverted(pair, lam), c.expected.inverted)
    assert.equal(firstLearned('jepa', pair, lam) + 1, c.expected.jepa_first) // the file counts features from 1
    assert.equal(firstLearned('mae', pair, lam) + 1, c.expected.mae_first)
  })
}

interface CrossoverExpected {
  RJ: number
  RM: number
  RJ_asymptotic: number
  RM_asymptotic: number
}
for (const c of goldenCases<
  { L: number; eps: number; rho1: number; rho2: number; p: number },
  CrossoverExpected
>('crossover')) {
  it(`golden ${c.id}: crossovers at depth ${c.input.L}`, () => {
    const { L, eps, rho1, rho2, p } = c.input
    const pair = { depth: L, scale: eps, rho: [rho1, rho2] as [number, number], fraction: p }
    assertClose(crossoverRatio('jepa', pair), c.expected.RJ, c, 'R_J')
    assertClose(crossoverRatio('mae', pair), c.expected.RM, c, 'R_M')
    assertClose(crossoverAsymptote('jepa', pair), c.expected.RJ_asymptotic, c, 'R_J for small ε')
    assertClose(crossoverAsymptote('mae', pair), c.expected.RM_asymptotic, c, 'R_M for small ε')
  })
}

for (const c of goldenCases<{ rho: number; eps: number; p: number }, { L_max: number }>('depth_limit')) {
  it(`golden ${c.id}: deepest encoder that learns ρ = ${c.input.rho}`, () => {
    assert.equal(depthLimit(c.input.rho, c.input.eps, c.input.p), c.expected.L_max)
  })
}

interface LossInput {
  objective: Objective
  L: number
  sig2: number[]
  lam: number[]
}
for (const c of goldenCases<LossInput, { loss: number }>('fixed_point_loss')) {
  it(`golden ${c.id}: loss of ${c.input.objective} at the fixed point`, () => {
    const { objective, L, sig2, lam } = c.input
    const rho = lam.map((l, i) => l / sig2[i]!)
    assertClose(fixedPointLoss(objective, { lambda: lam, rho, sigmaY2: sig2 }, L), c.expected.loss, c, 'loss')
  })
}
