import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Value } from 'typebox/value'
import { ExperimentError } from '../../src/experiment/failure.ts'
import { Crossover, Prediction, type PredictionRequest } from '../../src/experiment/prediction.ts'
import { crossoverRatio } from '../../src/theory/crossover.ts'
import { predict, predictCrossover } from '../../src/theory/predict.ts'
import { maxStableLearningRate } from '../../src/theory/stability.ts'

const request: PredictionRequest = {
  objective: 'jepa',
  depth: 3,
  scale: 1e-3,
  lambda: [1, 0.8, -0.2, 0],
  rho: [0.5, 1.3, -0.4, 0],
}

it('a prediction has the shape of the contract, with null for never', () => {
  const prediction = predict({ ...request, learningRate: 0.1, times: [0, 1e3, 1e6] })
  assert.deepEqual([...Value.Errors(Prediction, prediction)], [])
  assert.deepEqual(JSON.parse(JSON.stringify(prediction)), prediction) // no Infinity, no NaN
  for (const i of [2, 3]) {
    const { amplitudes, ...feature } = prediction.features[i]!
    assert.deepEqual(feature, {
      criticalTime: null,
      leadingOrder: null,
      remainder: null,
      fixedPoint: 0,
      layerFixedPoint: 0,
      learnable: false,
    })
    assert.equal(amplitudes!.length, 3)
  }
  assert.deepEqual(prediction.order, [0, 1, 2, 3])
})

it('what was not asked for is left out', () => {
  const prediction = predict(request)
  assert.equal(prediction.float32, null)
  assert.ok(!('steps' in prediction))
  assert.ok(!('amplitudes' in prediction.features[0]!))
})

it('paper time is depth × flow time, in and out', () => {
  const flow = predict({ ...request, times: [1e3, 2e4], learningRate: 0.1 })
  const paper = predict({ ...request, times: [3e3, 6e4], learningRate: 0.1, timeUnit: 'paper' })
  for (const [i, feature] of flow.features.entries()) {
    assert.deepEqual(paper.features[i]!.amplitudes, feature.amplitudes)
    for (const name of ['criticalTime', 'leadingOrder', 'remainder'] as const) {
      const wanted = feature[name] === null ? null : 3 * feature[name]
      assert.equal(paper.features[i]![name], wanted, `${name} of feature ${i}`)
    }
  }
  assert.equal(paper.spread, flow.spread)
  assert.equal(paper.steps, flow.steps) // steps count updates in either unit
})

it('float32 is the worst over features with λ > 0, and stalls on both sides of its threshold', () => {
  const at = (learningRate: number) => predict({ ...request, learningRate }).float32!
  const share = 0.8 * 1e-3 ** (5 / 3)
  assert.ok(Math.abs(at(1).relativeFirstStep - share) < 1e-15)
  assert.equal(at((0.9 * 2 ** -25) / share).stalls, true)
  assert.equal(at((1.1 * 2 ** -25) / share).stalls, false)
  assert.equal(predict({ ...request, lambda: [-1], rho: [-1], learningRate: 1 }).float32, null)
})

it('steps are those of the slowest learnable feature', () => {
  const { features, steps } = predict({ ...request, learningRate: 0.1 })
  assert.equal(steps, Math.ceil(Math.max(features[0]!.criticalTime!, features[1]!.criticalTime!) / 0.1))
  assert.equal(predict({ ...request, scale: 5, learningRate: 0.1 }).steps, null)
})

it('the stability bound takes σ² = λ/ρ, and none where nothing is learned', () => {
  const wanted = maxStableLearningRate('jepa', [2, 0.8 / 1.3, 0.5, 0], [1, 0.8, -0.2, 0], 3)
  assert.equal(predict(request).maxStableLearningRate, wanted)
  assert.equal(predict({ ...request, lambda: [-1, 0], rho: [-1, 0] }).maxStableLearningRate, null)
})

it('a single feature has greedy index 1 and spread 0', () => {
  const { greedyIndex, spread } = predict({ ...request, lambda: [1], rho: [1] })
  assert.deepEqual([greedyIndex, spread], [1, 0])
})

it('lists of different length and variances that are not positive are refused with a pointer', () => {
  const faultsOf = (lambda: number[], rho: number[]) => {
    try {
      predict({ ...request, lambda, rho })
    } catch (error) {
      assert.ok(error instanceof ExperimentError && error.code === 'SPEC_INVALID')
      return (error as ExperimentError<'SPEC_INVALID'>).facts.faults.map((fault) => fault.pointer)
    }
    return []
  }
  assert.deepEqual(faultsOf([1, 2], [1]), ['/rho'])
  assert.deepEqual(faultsOf([1, 1, -1, 0], [0, -2, 0.5, 3]), ['/rho/0', '/rho/1', '/rho/2'])
})

it('a crossover names the ratio, and with λ who comes first', () => {
  const pair = { depth: 4, scale: 1e-4, rho: [0.3, 0.9] }
  const asked = { ...pair, rho: [0.3, 0.9] as [number, number], fraction: 0.5 }
  const ratios = { jepaRatio: crossoverRatio('jepa', asked), maeRatio: crossoverRatio('mae', asked) }
  assert.deepEqual(predictCrossover(pair), ratios)
  const answer = predictCrossover({ ...pair, lambda: [1.2, 1] })
  assert.deepEqual([...Value.Errors(Crossover, answer)], [])
  assert.deepEqual(answer, { ...ratios, inverted: true, jepaFirst: 1, maeFirst: 0 })
  // feature 1 starts past its level: no λ puts feature 0 first
  assert.equal(predictCrossover({ depth: 4, scale: 0.02, rho: [0.9, 0.3] }).jepaRatio, null)
})
