import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Engine } from '../../workers/engines/engine.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { assertAlike } from '../data/kolmogorov.ts'
import { shortSpec, train } from './runs.ts'

const RUNS = 250

/** Both rules for minibatches are one law: the same training, seed by seed another run of it. */
export function drawsOfOneLaw(engine: Engine): void {
  for (const objective of ['jepa', 'mae'] as const) {
    it(`learning curves of ${objective} have one law by samples and by moments`, async () => {
      const [counted, drawn] = [[], []] as [number[][], number[][]]
      for (let seed = 0; seed < RUNS; seed++) {
        for (const [rule, curves] of [
          ['samples', counted],
          ['moments', drawn],
        ] as const) {
          const { outcome, measurements } = await train(engine, spec(objective, rule, seed))
          assert.equal(outcome, 'succeeded')
          curves.push([
            ...measurements.amplitudes.flatMap((row) => row.slice(1)),
            ...measurements.loss.slice(1),
          ])
        }
      }
      for (let at = 0; at < counted[0]!.length; at++) {
        const [a, b] = [counted, drawn].map((curves) => curves.map((curve) => curve[at]!)) as [
          number[],
          number[],
        ]
        const [one, two] = [statistics(a), statistics(b)]
        // 4.5 standard errors: 7e-6 by chance, 9 numbers.
        const limit = 4.5 * Math.sqrt((one.variance + two.variance) / RUNS)
        assert.ok(Math.abs(one.mean - two.mean) < limit, `number ${at}: ${one.mean}, ${two.mean} ± ${limit}`)
        assert.ok(one.variance > 1e-8, `number ${at} does not depend on the minibatches`)
        assertAlike(`number ${at}`, a, b)
      }
    })
  }
}

/** An engine draws the minibatches that the reference engine draws. @param tolerance of a weight, absolute */
export function drawsOfReference(engine: Engine, tolerance: number): void {
  for (const rule of ['samples', 'moments'] as const) {
    it(`minibatches by ${rule} are those of the reference engine`, async () => {
      for (const objective of ['jepa', 'mae'] as const) {
        const [mine, wanted] = await Promise.all(
          [engine, referenceEngine].map((each) => train(each, spec(objective, rule, 3))),
        )
        const [found, expected] = [mine!, wanted!].map(({ weights }) => [...weights.layers, weights.decoder])
        for (const [a, { data }] of expected!.entries()) {
          for (const [i, w] of data.entries()) {
            const gap = Math.abs(found![a]!.data[i]! - w)
            assert.ok(gap <= tolerance, `${objective}: entry ${i} of matrix ${a} is off by ${gap}`)
          }
        }
      }
    })
  }
}

function spec(objective: 'jepa' | 'mae', rule: 'samples' | 'moments', seed: number): ExperimentSpec {
  return shortSpec({
    objective,
    seed,
    data: { kind: 'covariance', Sxx, Syx },
    init: { kind: 'explicit', layers: [start, start], decoder: start },
    training: { mode: 'sgd', learningRate: 0.06, steps: 40, batchSize: 4, draws: rule, momentum: 0.3 },
    measure: { points: 4 },
  })
}

const Sxx = [
  [1, 0.5],
  [0.5, 1.5],
]
const Syx = [
  [0.8, 0.1],
  [0.3, 0.9],
]
const start = [
  [0.6, 0.1],
  [0, 0.5],
]

function statistics(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1) }
}
