import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { descentAmplitudes, firstStepPast } from '../../src/theory/discrete-descent.ts'
import { relativeFirstStep, stallsInFloat32 } from '../../src/theory/float32.ts'
import { nonCommutingEnd } from '../../src/theory/non-commuting.ts'
import { curvatures, maxStableLearningRate } from '../../src/theory/stability.ts'
import { unbalancedEnd } from '../../src/theory/unbalanced.ts'
import { assertAllClose, assertClose, goldenCases } from './golden.ts'

interface DescentInput {
  objective: Objective
  L: number
  lam: number
  rho: number
  eps: number
  eta: number
}

interface EulerExpected {
  w: number[]
  first_step_w_ge_half: number
  flow_steps: number
}
for (const c of goldenCases<DescentInput & { record: number[] }, EulerExpected>('euler')) {
  it(`golden ${c.id}: descent of ${c.input.objective} at depth ${c.input.L}`, () => {
    const { objective, L, lam, rho, eps, eta, record } = c.input
    const point = { depth: L, lambda: lam, rho, scale: eps, fraction: 0.5 }
    assertAllClose(descentAmplitudes(objective, point, eta, record), c.expected.w, c, 'w̄')
    assert.equal(firstStepPast(objective, point, eta), c.expected.first_step_w_ge_half)
    assertClose(criticalTime(objective, point) / eta, c.expected.flow_steps, c, 'steps of the flow')
  })
}

interface BoundInput {
  objective: Objective
  L: number
  sig2: number[]
  lam: number[]
}
interface BoundExpected {
  eta_max: number
  k: number[][]
  eta_max_diagonal_only: number
}
for (const c of goldenCases<BoundInput, BoundExpected>('lr_bound')) {
  it(`golden ${c.id}: curvatures and bound of ${c.input.objective}`, () => {
    const { objective, L, sig2, lam } = c.input
    const rows = curvatures(objective, sig2, lam, L)
    for (const [i, row] of rows.entries()) assertAllClose(row, c.expected.k[i]!, c, `k of row ${i}`)
    assertClose(maxStableLearningRate(objective, sig2, lam, L), c.expected.eta_max, c, 'bound')
    const diagonal = 2 / Math.max(...rows.map((row, i) => row[i]!))
    assertClose(diagonal, c.expected.eta_max_diagonal_only, c, 'bound of the diagonal')
  })
}

for (const c of goldenCases<DescentInput, { stalled: boolean; relative_first_step: number }>('float32')) {
  it(`golden ${c.id}: whether float32 moves`, () => {
    const { objective, L, lam, eps, eta } = c.input
    const step = { depth: L, lambda: lam, scale: eps, learningRate: eta }
    assert.equal(stallsInFloat32(objective, step), c.expected.stalled)
    assertClose(relativeFirstStep(objective, step), c.expected.relative_first_step, c, 'relative first step')
  })
}

interface UnbalancedInput {
  objective: Objective
  rho: number
  v0: number
  w0: number[]
}
for (const c of goldenCases<UnbalancedInput, { w_inf: number; v_inf: number; collapsed: boolean }>(
  'unbalanced',
)) {
  it(`golden ${c.id}: ${c.expected.collapsed ? 'collapse' : 'end'} of an unbalanced start`, () => {
    const { objective, rho, v0, w0 } = c.input
    const end = unbalancedEnd(objective, { rho, decoder: v0, layers: w0 })
    assertClose(end.amplitude, c.expected.w_inf, c, 'w̄')
    assertClose(end.decoder, c.expected.v_inf, c, 'v')
    assert.equal(end.collapsed, c.expected.collapsed)
  })
}

interface NonCommutingExpected {
  generalized_rho: number[]
  singular_values_M: number[]
  mae_final_sv: number[]
  jepa_final_sv: number[]
  jepa_prod_sv: number
  jepa_eig_V: number[]
}
for (const c of goldenCases<{ Sxx: number[][]; Syx: number[][]; L: number }, NonCommutingExpected>(
  'noncommuting',
)) {
  it(`golden ${c.id}: end of training without a common basis`, () => {
    const end = nonCommutingEnd(fromRows(c.input.Sxx), fromRows(c.input.Syx), c.input.L)
    assertAllClose(end.generalizedRho!, c.expected.generalized_rho, c, 'generalised ρ')
    assertAllClose(end.generalizedRho!, c.expected.jepa_eig_V, c, "eigenvalues of JEPA's V")
    assertAllClose(end.singularValues, c.expected.singular_values_M, c, 'sv(M)')
    assertAllClose(end.maeSingularValues, c.expected.mae_final_sv, c, "sv of MAE's W̄")
    assertClose(end.jepaProduct, c.expected.jepa_prod_sv, c, "product of sv of JEPA's W̄")
    const trained = c.expected.jepa_final_sv.reduce((product, value) => product * value, 1)
    assertClose(end.jepaProduct, trained, c, "product of the reference's trained sv")
  })
}
