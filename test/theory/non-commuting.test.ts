import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eigenvalues, multiply, product, singularValues, transpose } from '../../src/data/linear-algebra.ts'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { nonCommutingEnd } from '../../src/theory/non-commuting.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { train } from '../engines/runs.ts'
import { goldenCases } from './golden.ts'
import { relativeError } from './numerics.ts'

const Sxx = [
  [1, 0.3, 0],
  [0.3, 0.8, 0.1],
  [0, 0.1, 0.6],
]
const Syx = [
  [0.75, 0.2, 0],
  [0.12, 0.4, 0.02],
  [0.03, 0.05, 0.2],
]

const PLATEAU_TIME = 7e5 // after the first feature, before the second

/** Trains the moments by flow from V = W = s·I (aligned for both objectives) to rest. */
async function trained(
  objective: 'jepa' | 'mae',
  sxx: number[][],
  syx: number[][],
  scale: number,
  time: number,
) {
  const gain = scale ** 0.5
  const eye = sxx.map((row, i) => row.map((_, j) => (i === j ? gain : 0)))
  const spec: ExperimentSpec = {
    objective,
    data: {
      kind: 'covariance',
      Sxx: sxx,
      Syx: syx,
      Syy: sxx.map((row, i) => row.map((x, j) => x + (i === j ? 1 : 0))),
    },
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'explicit', layers: [eye, eye], decoder: eye },
    training: { mode: 'flow', time },
  }
  const { weights } = await train(referenceEngine, spec)
  return { encoder: product(weights.layers[1]!, weights.layers[0]!), decoder: weights.decoder }
}

it('jepa without a common basis ends with the generalised ρ in V and |det M|^L in W̄', async () => {
  const end = nonCommutingEnd(fromRows(Sxx), fromRows(Syx), 2)
  const { encoder, decoder } = await trained('jepa', Sxx, Syx, 0.01, 3e5)
  for (const [k, { real }] of eigenvalues(decoder).entries()) {
    const wanted = end.generalizedRho![k]!
    assert.ok(relativeError(real, wanted) < 1e-4, `eigenvalue ${k} of V is ${real}, generalised ρ ${wanted}`) // what is left at this time
  }
  const volume = singularValues(encoder).values.reduce((p, x) => p * x, 1)
  assert.ok(relativeError(volume, end.jepaProduct) < 1e-3, `${volume}, |det M|^L ${end.jepaProduct}`)
})

it("mae without a common basis ends with the powers of M's singular values, along its right-singular vectors", async () => {
  const end = nonCommutingEnd(fromRows(Sxx), fromRows(Syx), 2)
  const { encoder, decoder } = await trained('mae', Sxx, Syx, 0.01, 5e3)
  const { values, v } = singularValues(encoder)
  for (const [k, value] of values.entries()) {
    const wanted = end.maeSingularValues[k]!
    assert.ok(relativeError(value, wanted) < 1e-6, `singular value ${k} is ${value}, theory ${wanted}`) // left at this time
  }
  const overlap = multiply(transpose(v), end.maeDirections)
  for (let k = 0; k < values.length; k++) {
    assert.ok(Math.abs(Math.abs(overlap.data[k * values.length + k]!) - 1) < 1e-9, `direction ${k}`)
  }
  const fitted = multiply(decoder, encoder)
  for (const [k, x] of fitted.data.entries()) assert.ok(Math.abs(x - end.regression.data[k]!) < 1e-7)
})

it("jepa's rank-one plateau lies along the left eigenvector of M's largest eigenvalue, at amplitude ρ^L", async () => {
  const [sxx, syx] = [
    [
      [1, 0.2],
      [0.2, 0.5],
    ],
    [
      [0.7, 0.3],
      [0.1, 0.2],
    ],
  ] as const
  const end = nonCommutingEnd(fromRows(sxx), fromRows(syx), 2)
  const [top] = end.generalizedRho!
  const m = end.regression.data
  const left = [m[2]!, top! - m[0]!] // (M' − ρ) l = 0
  const { encoder } = await trained(
    'jepa',
    sxx.map((row) => [...row]),
    syx.map((row) => [...row]),
    1e-4,
    PLATEAU_TIME,
  )
  const { values, v } = singularValues(encoder)
  const cosine = (v.data[0]! * left[0]! + v.data[2]! * left[1]!) / Math.hypot(left[0]!, left[1]!)
  assert.ok(values[1]! < 0.02 * values[0]!, `not yet of rank one: ${values}`)
  assert.ok(relativeError(values[0]!, top! ** 2) < 0.02, `${values[0]}, ρ^L ${top! ** 2}`) // the second feature's start
  assert.ok(Math.abs(cosine) > 0.9999, `cosine ${cosine}`)
})

interface Input {
  Sxx: number[][]
  Syx: number[][]
}
for (const c of goldenCases<Input, { jepa_final_sv: number[]; mae_final_sv: number[] }>('noncommuting')) {
  it(`golden ${c.id}: trained singular values of both objectives`, async () => {
    for (const objective of ['jepa', 'mae'] as const) {
      const wanted = c.expected[`${objective}_final_sv`]
      const time = objective === 'jepa' ? 1e6 : 2e3
      const { encoder } = await trained(objective, c.input.Sxx, c.input.Syx, 3e-4, time)
      for (const [k, value] of singularValues(encoder).values.entries()) {
        // the case's own tolerance
        assert.ok(
          relativeError(value, wanted[k]!) < c.tol.rel,
          `${objective} ${k}: ${value}, reference ${wanted[k]}`,
        )
      }
    }
  })
}

it('a rotating system has no real generalised ρ, and x without variance somewhere is refused', () => {
  const turn = nonCommutingEnd(
    fromRows([
      [1, 0],
      [0, 1],
    ]),
    fromRows([
      [0.3, -0.5],
      [0.5, 0.3],
    ]),
    3,
  )
  assert.equal(turn.generalizedRho, null)
  assert.ok(relativeError(turn.jepaProduct, 0.34 ** 3) < 1e-12) // rounding
  assert.throws(
    () =>
      nonCommutingEnd(
        fromRows([
          [1, 0],
          [0, 0],
        ]),
        fromRows([
          [1, 0],
          [0, 0],
        ]),
        1,
      ),
    ExperimentError,
  )
})
