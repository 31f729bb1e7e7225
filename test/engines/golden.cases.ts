import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fromRows } from '../../src/experiment/matrix.ts'
import type { Engine, Training } from '../../workers/engines/engine.ts'
import { type BatchCase, batchPlan, descent, goldenCases, type MatrixCase, matrixPlan } from './plans.ts'

/** The golden descents of test/golden/theory-cases.json, computed by another implementation. */
export function goldenDescents(engine: Engine, tolerance: number): void {
  for (const golden of goldenCases<MatrixCase>('matrix_gd')) {
    it(`${golden.id} has the golden losses and amplitudes`, async () => {
      const { eta, record } = golden.input
      const training = engine.begin(matrixPlan(golden, descent(eta, Math.max(...record))))
      for (const [row, step] of record.entries()) {
        await reach(training, step)
        close(await training.loss(), golden.expected.loss[row]!, tolerance, `loss at step ${step}`)
        const amplitudes = await training.amplitudes()
        for (const [i, wanted] of golden.expected.amplitude[row]!.entries()) {
          close(amplitudes[i]!, wanted, tolerance, `amplitude ${i} at step ${step}`)
        }
      }
      training.dispose()
    })

    it(`${golden.id} takes its first step along the golden gradient`, async () => {
      const training = engine.begin(matrixPlan(golden, descent(golden.input.eta, 1)))
      await reach(training, 1)
      const { layers, decoder } = await training.weights()
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
      training.dispose()
    })
  }

  for (const golden of goldenCases<BatchCase>('minibatch_sgd')) {
    it(`${golden.id} has the golden losses over the given batches`, async () => {
      const training = engine.begin(batchPlan(golden))
      for (const [row, step] of golden.input.record.entries()) {
        await reach(training, step)
        close(await training.loss(), golden.expected.loss[row]!, tolerance, `loss at step ${step}`)
      }
      training.dispose()
    })
  }
}

/** Trains on to a step (or, in flow, to a time). */
export async function reach(
  training: Training,
  limit: number,
  position: 'step' | 'time' = 'step',
): Promise<void> {
  while (training[position] < limit) await training.advance(limit)
}

export function close(found: number, wanted: number, relative: number, what: string): void {
  const gap = Math.abs(found - wanted)
  assert.ok(gap <= relative * Math.abs(wanted), `${what}: ${found}, wanted ${wanted} within ${relative}`)
}
