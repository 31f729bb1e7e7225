import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import { boundaryOf, cornersAgree, nextPoints } from '../../src/report/sweeps/boundary.ts'
import { crossoverRatio } from '../../src/theory/crossover.ts'
import { measuredRun, pairOfTimes } from './sweep-runs.ts'

const base: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 1], rho: [0.5, 0.8] },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale: 1e-3 },
  training: { mode: 'flow', time: 1e5 },
}
const depths = { 'model.depth': [2, 3] }
const first = 'first-feature-is:0'

function messages(axes: SweepSpec['axes'], question = first, change: Partial<ExperimentSpec> = {}): string[] {
  const spec = { base: { ...base, ...change }, axes, search: 'boundary' as const, question }
  return cornersAgree(spec).map(({ pointer, message }) => `${pointer}: ${message}`)
}

it('a boundary whose corners agree by theory is refused with the answer and the predicted times', () => {
  const axes = { ...depths, 'data.lambda.0': { log: [2, 4] as [number, number] } }
  assert.deepEqual(messages(axes), [
    '/axes/data.lambda.0: Theory answers yes to first-feature-is:0 at both ends of data.lambda.0 on all 2 lines, so that no boundary lies between: for model.depth = 2 it foresees critical times 5835, 11220 at data.lambda.0 = 2 and critical times 2917, 11220 at data.lambda.0 = 4. By theory the answer flips at 1.04 for model.depth = 2; widen data.lambda.0.',
  ])
})

it('corners of which one line differs are let through', () => {
  for (const high of [1.02, 1.2, 4]) {
    const axes = { ...depths, 'data.lambda.0': { log: [1, high] as [number, number] } }
    assert.equal(messages(axes).length, high === 1.02 ? 1 : 0, `up to ${high}`)
  }
})

it('an answer that flips between the lines alone is refused with the other way to give the axes', () => {
  const axes = { 'data.lambda.0': [1, 1.02, 2], 'init.scale': { log: [1e-3, 2e-3] as [number, number] } }
  assert.deepEqual(messages(axes), [
    '/axes/init.scale: By theory the answer to first-feature-is:0 flips along no line but between them: it is no at both ends of init.scale for data.lambda.0 = 1 and yes for 2. Widen init.scale, or give data.lambda.0 as the second axis.',
  ])
})

it('runs too short for any feature are refused, runs too short on one side are let through', () => {
  const axes = { ...depths, 'data.lambda.0': { log: [1, 3] as [number, number] } }
  const [short] = messages(axes, first, { training: { mode: 'flow', time: 100 } })
  assert.match(
    short!,
    /^\/axes\/data.lambda.0: Theory has no answer .* critical times never, never .*Train longer/,
  )
  assert.deepEqual(messages(axes, first, { training: { mode: 'flow', time: 7000 } }), [])
})

it('each question is refused where balanced theory answers it alike everywhere', () => {
  const scales = { ...depths, 'init.scale': { log: [1e-4, 1e-3] as [number, number] } }
  const training = { mode: 'flow', time: 1e7 } as const
  for (const [question, answer, value] of [
    ['greedy', 'yes', 'the greedy index'],
    ['collapses:1', 'no', 'feature 1 at'],
    ['orders-differ', 'no', 'critical times of JEPA .* of MAE'],
  ] as const) {
    const data = { kind: 'gaussian', lambda: [1, 0.99], rho: [0.8, 0.78] } as const
    const [message] = messages(scales, question, { training, data: structuredClone(data) as never })
    assert.match(message!, new RegExp(`Theory answers ${answer} to ${question} .*${value}`))
  }
})

it('what theory does not speak of is let through, and ends in lines without a place', () => {
  const axes = { ...depths, 'data.lambda.0': { log: [2, 4] as [number, number] } }
  const descent = { mode: 'gradient-descent', learningRate: 0.1, steps: 1e6 } as const
  assert.equal(messages(axes, first, { training: descent }).length, 1)
  const outside: Partial<ExperimentSpec>[] = [
    { init: { kind: 'gaussian', scale: 1e-3 } },
    { init: { kind: 'balanced', scale: 1e-3, noise: 0.1 } },
    { training: { ...descent, precision: 'float32' } },
    { training: { ...descent, learningRate: 50 } },
    { training: { ...descent, schedule: 'cosine' } },
    { training: { mode: 'sgd', learningRate: 0.1, steps: 1e6, batchSize: 64 } },
  ]
  for (const change of outside) assert.deepEqual(messages(axes, first, change), [], JSON.stringify(change))
  const spec = { base: { ...base, ...outside[0] }, axes, search: 'boundary' as const, question: first }
  const runs = nextPoints(spec, []).map((point) => measuredRun(point, pairOfTimes(0.3)))
  assert.deepEqual(nextPoints(spec, runs), [])
  for (const line of boundaryOf(spec, runs).lines) {
    const { x: _, ...rest } = line
    assert.deepEqual(rest, { y: null, interval: null, below: true, above: true, predicted: null })
  }
})

it('descent close to a flip is left to speak for itself, flow is not', () => {
  const R = crossoverRatio('jepa', { depth: 3, scale: 1e-3, rho: [0.5, 0.8], fraction: 0.5 })
  const near = { 'model.depth': [3], 'data.lambda.0': { log: [1.01 * R, 1.1 * R] as [number, number] } }
  assert.equal(messages(near).length, 1)
  const training = { mode: 'gradient-descent', learningRate: 0.3, steps: 1e6 } as const
  assert.deepEqual(messages(near, first, { training }), [])
})

it('the place that theory predicts is the exact crossover, of several the nearest', () => {
  const axes = { ...depths, 'data.lambda.0': { log: [1, 4] as [number, number] } }
  const spec = { base, axes, search: 'boundary' as const, question: first }
  for (const { x, predicted } of boundaryOf(spec, []).lines) {
    const R = crossoverRatio('jepa', { depth: x as number, scale: 1e-3, rho: [0.5, 0.8], fraction: 0.5 })
    assert.ok(Math.abs(predicted! / R - 1) < 1e-8, `${predicted} against ${R}`) // 1e-9 of the axis
  }
})

it('a question or a range that the specs do not fit is refused', () => {
  const lambda = { 'data.lambda.0': { log: [1, 2] as [number, number] } }
  assert.match(
    messages({ ...depths, ...lambda }, 'first-feature-is:2')[0]!,
    /^\/question: .*feature 2.*have 2, from 0 to 1/,
  )
  assert.match(
    messages({ 'data.lambda.0': [1, 2], 'model.depth': { linear: [1, 6] } })[0]!,
    /^\/axes\/model.depth: .*every number between 1 and 6, and 3.071 is refused/,
  )
  assert.match(
    messages({ objective: ['jepa', 'mae'], ...lambda }, 'orders-differ')[0]!,
    /^\/axes\/objective: /,
  )
  assert.match(
    messages({ ...depths, 'data.lambda.0': { log: [2, 2], count: 1 } })[0]!,
    /^\/axes\/data.lambda.0: .*begins and ends at 2/,
  )
  assert.deepEqual(cornersAgree({ base, axes: depths }), [])
})
