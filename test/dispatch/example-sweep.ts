import { setTimeout as wait } from 'node:timers/promises'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepView } from '../../src/experiment/sweep-view.ts'
import type { Stand } from './stand.ts'

/** A run of milliseconds, for sweeps of many. */
export const base: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1.2, 1, 0.9], rho: [0.5, 0.7, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.05 },
  training: { mode: 'gradient-descent', learningRate: 0.05, steps: 400 },
  measure: { points: 20 },
}

/** Waits until a sweep has ended. */
export async function endOfSweep(stand: Stand, id: string): Promise<SweepView> {
  for (;;) {
    const view = stand.dispatch.findSweep(id)
    if (view.finishedAt !== null) return view
    await wait(20)
  }
}
