import { join } from 'node:path'
import { fillNormals } from '../../src/data/normal.ts'
import { writeCase } from '../contest/case.ts'
import { BATCHES, MOMENTUM, type NetworkRow, parametersOf, sampleShapes } from './rows.ts'

/** Streams of random numbers, beyond those of the rooms. */
const DATA_STREAM = 4099
const WEIGHT_STREAM = 4100
const SEED = 20_240_703
/** Every two processes share a row's runs half and half; their part of a case lies beside it. */
export const HALVES = ['half-0', 'half-1'] as const

/** Data and start of a row; every run has its own. */
export interface NetworkCase {
  readonly x: Float64Array // [R][batches][batch]…
  readonly y: Float64Array // [R][batches][batch]…
  readonly weights: Float64Array // [R][weights]
}

/** y is x with noise for jepa, a smooth function of x for mae; weights are He's, biases 0. */
export function networkCase(row: NetworkRow): NetworkCase {
  const { runs, batch, objective } = row
  const shapes = sampleShapes(row)
  const length = (shape: readonly number[]) => runs * BATCHES * batch * product(shape)
  const x = new Float64Array(length(shapes.x))
  fillNormals(x, { seed: SEED, stream: DATA_STREAM, step: 0 })
  const y = new Float64Array(length(shapes.y))
  fillNormals(y, { seed: SEED, stream: DATA_STREAM, step: 1 })
  for (let i = 0; i < y.length; i++) {
    y[i] = objective === 'jepa' ? 0.8 * x[i]! + 0.6 * y[i]! : Math.sin(x[i]! + x[i ^ 1]!) + 0.1 * y[i]!
  }
  const parameters = parametersOf(row)
  const count = parameters.reduce((sum, { shape }) => sum + product(shape), 0)
  const weights = new Float64Array(runs * count)
  let at = 0
  for (let run = 0; run < runs; run++) {
    for (const [k, { shape, fanIn }] of parameters.entries()) {
      const own = weights.subarray(at, at + product(shape))
      at += own.length
      if (fanIn === 0) continue
      fillNormals(own, { seed: SEED, stream: WEIGHT_STREAM, step: run * parameters.length + k })
      for (let i = 0; i < own.length; i++) own[i]! *= Math.sqrt(2 / fanIn)
    }
  }
  // As they are trained: every peer starts from the same float32.
  return { x: x.map(Math.fround), y: y.map(Math.fround), weights: weights.map(Math.fround) }
}

/** Writes a row's case, and of several runs the two halves. @returns the path of the whole */
export function writeNetworkCase(folder: string, row: NetworkRow, data: NetworkCase): string {
  const fields = (runs: number) => ({
    ...row,
    runs,
    batches: BATCHES,
    momentum: MOMENTUM,
    parameters: parametersOf(row),
    samples: sampleShapes(row),
  })
  const { x, y, weights } = data
  if (row.runs > 1) {
    for (const [k, half] of HALVES.entries()) {
      const part = (array: Float64Array) =>
        array.subarray((k * array.length) / 2, ((k + 1) * array.length) / 2)
      const own = { x: part(x), y: part(y), weights: part(weights) }
      writeCase(join(folder, half), fields(row.runs / 2), own)
    }
  }
  return writeCase(folder, fields(row.runs), { x, y, weights })
}

export function product(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1)
}
