import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sampler } from '../../src/data/sampler.ts'
import { fromRows, type Matrix, type Weights } from '../../src/experiment/matrix.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import type { RunPlan } from '../../workers/engines/engine.ts'

/** Plans for engines, from the golden cases and from rows of numbers. */
type Rows = number[][]

export interface MatrixCase {
  readonly id: string
  readonly input: {
    readonly objective: Objective
    readonly L: number
    readonly eta: number
    readonly record: number[]
    readonly Sxx: Rows
    readonly Syx: Rows
    readonly Syy: Rows
    readonly feature_basis_columns: Rows
    readonly W: Rows[]
    readonly V: Rows
  }
  readonly expected: {
    readonly loss: number[]
    readonly amplitude: Rows
    readonly grad_step0: { readonly W1: Rows; readonly V: Rows }
  }
}

export interface BatchCase {
  readonly id: string
  readonly input: {
    readonly objective: Objective
    readonly X: Rows
    readonly Y: Rows
    readonly W: Rows[]
    readonly V: Rows
    readonly eta: number
    readonly batch: number
    readonly record: number[]
  }
  readonly expected: { readonly loss: number[] }
}

export function goldenCases<Case extends { id: string }>(category: string): Case[] {
  const file = join(repositoryRoot(), 'test/golden/theory-cases.json')
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: (Case & { category: string })[] }
  return cases.filter((c) => c.category === category)
}

export function descent(
  learningRate: number,
  steps: number,
  rest: Partial<ResolvedDescent> = {},
): ResolvedDescent {
  const base = {
    mode: 'gradient-descent',
    momentum: 0,
    schedule: 'constant',
    precision: 'compensated',
  } as const
  return { ...base, learningRate, steps, ...rest }
}

export function matrixPlan({ input }: Pick<MatrixCase, 'input'>, training: RunPlan['training']): RunPlan {
  const moments = { Sxx: fromRows(input.Sxx), Syx: fromRows(input.Syx), Syy: fromRows(input.Syy) }
  const initial: Weights = { layers: input.W.map(fromRows), decoder: fromRows(input.V) }
  return {
    objective: input.objective,
    depth: input.L,
    features: moments.Sxx.rows,
    width: initial.layers[0]!.rows,
    moments,
    directions: fromRows(input.feature_basis_columns),
    sampler: null,
    initial,
    training,
    points: training.mode === 'flow' ? [training.time] : [training.steps],
  }
}

/** Rows given in order, batch after batch, from the top again after the last; moments are those of all rows. */
export function batchPlan({ input }: BatchCase): RunPlan {
  const steps = Math.max(...input.record)
  const training = descent(input.eta, steps, { mode: 'sgd', batchSize: input.batch, draws: 'samples' })
  const [x, y] = [fromRows(input.X), fromRows(input.Y)]
  const moments = { Sxx: second(x, x), Syx: second(y, x), Syy: second(y, y) }
  const initial: Weights = { layers: input.W.map(fromRows), decoder: fromRows(input.V) }
  const directions = fromRows([
    [1, 0],
    [0, 1],
  ])
  return {
    objective: input.objective,
    depth: initial.layers.length,
    features: x.cols,
    width: x.cols,
    moments,
    directions,
    sampler: rowSampler(x, y),
    initial,
    training,
    points: afterStart(input.record),
  }
}

/** Steps to measure at; the start has a row of its own. */
export function afterStart(record: readonly number[]): number[] {
  return record.filter((step) => step > 0)
}

/** A sampler that hands out the same rows again and again. */
function rowSampler(x: Matrix, y: Matrix): Sampler {
  return {
    draw(step, rows) {
      const pick = (matrix: Matrix) =>
        Float64Array.from({ length: rows * matrix.cols }, (_, i) => {
          const row = (step * rows + Math.floor(i / matrix.cols)) % matrix.rows
          return matrix.data[row * matrix.cols + (i % matrix.cols)]!
        })
      return { x: pick(x), y: pick(y) }
    },
  }
}

/** A'B / n. */
function second(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.cols * b.cols)
  for (let r = 0; r < a.rows; r++) {
    for (let i = 0; i < a.cols; i++) {
      for (let j = 0; j < b.cols; j++) {
        data[i * b.cols + j]! += (a.data[r * a.cols + i]! * b.data[r * b.cols + j]!) / a.rows
      }
    }
  }
  return { rows: a.cols, cols: b.cols, data }
}
