import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { NewRun } from '../../src/ledger/run.ts'

const asked: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 0.5], rho: [0.5, 0.9] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 1e-2 },
  training: { mode: 'flow', time: 10 },
}

/** A run to post, but for what the test changes. */
export function newRun(id: string, change: Partial<NewRun> = {}): NewRun {
  return {
    id,
    asked,
    spec: resolveSpec(asked, 2),
    name: null,
    tags: [],
    warnings: [],
    dataDigest: null,
    cohort: `${id}-1`,
    progress: { step: 0, steps: 100, fraction: 0, etaSeconds: null },
    ...{ alone: true, shape: 'a', seconds: 1, bytes: 1e6 },
    ...change,
  }
}
