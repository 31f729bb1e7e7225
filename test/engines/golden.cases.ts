import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { Engine, Trajectory } from '../../workers/engines/engine.ts'
import {
  afterStart,
  type BatchCase,
  batchPlan,
  descent,
  goldenCases,
  type MatrixCase,
  matrixPlan,
} from './plans.ts'
import { trainPlan } from './runs.ts'

/** The golden descents of test/golden/theory-cases.json, computed by another implementation. */
export function goldenDescents(engine: Engine, tolerance: number): void {
  for (const golden of goldenCases<MatrixCase>('matrix_gd')) {
    it(`${golden.id} has the golden losses and amplitudes`, async () => {
      const { eta, record } = golden.input
      const plan = matrixPlan(golden, descent(eta, Math.max(...record)))
      const trajectory = await trainPlan(engine, { ...plan, points: afterStart(record) })
      for (const [row, step] of record.entries()) {
        const { loss, amplitudes } = rowAt(trajectory, step)
        close(loss, golden.expected.loss[row]!, tolerance, `loss at step ${step}`)
        for (const [i, wanted] of golden.expected.amplitude[row]!.entries()) {
          close(amplitudes[i]!, wanted, tolerance, `amplitude ${i} at step ${step}`)
        }
      }
    })

    it(`${golden.id} takes its first step along the golden gradient`, async () => {
      const plan = matrixPlan(golden, descent(golden.input.eta, 1))
      const { layers, decoder } = (await trainPlan(engine, plan)).weights
      const moved = (now: Float64Array, rows: number[][], gradient: number[][], name: string) => {
        const [start, slope] = [fromRows(rows).data, fromRows(gradient).data]
        for (const [i, w] of start.entries()) {
          // Weights are of order 0.1: the absolute part is that times the tolerance.
          const gap = Math.abs(now[i]! - (w - golden.input.eta * slope[i]!))
          assert.ok(gap <= 0.1 * tolerance, `${name}[${i}] is off by ${gap}`)
        }
      }
      moved(layers[0]!.data, golden.input.W[0]!, golden.expected.grad_step0.W1, 'W1')
      moved(decoder.data, golden.input.V, golden.expected.grad_step0.V, 'V')
    })
  }

  for (const golden of goldenCases<BatchCase>('minibatch_sgd')) {
    it(`${golden.id} has the golden losses over the given batches`, async () => {
      const trajectory = await trainPlan(engine, batchPlan(golden))
      for (const [row, step] of golden.input.record.entries()) {
        close(rowAt(trajectory, step).loss, golden.expected.loss[row]!, tolerance, `loss at step ${step}`)
      }
    })
  }
}

/** What was measured at a step. */
function rowAt({ measurements }: Trajectory, step: number): { loss: number; amplitudes: number[] } {
  const row = measurements.step.indexOf(step)
  assert.ok(row >= 0, `no row of step ${step} among those of ${measurements.step.join(', ')}`)
  return { loss: measurements.loss[row]!, amplitudes: measurements.amplitudes.map((each) => each[row]!) }
}

export function close(found: number, wanted: number, relative: number, what: string): void {
  const gap = Math.abs(found - wanted)
  assert.ok(gap <= relative * Math.abs(wanted), `${what}: ${found}, wanted ${wanted} within ${relative}`)
}
