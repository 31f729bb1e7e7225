import type { SweepSpec } from '../sweep.ts'
import { type Preset, preset } from './preset.ts'

/** Which feature is learned first (docs/theory.md §2 to §4, §8). */

const BOTH = ['jepa', 'mae']

/** λ falls as ρ rises: Fig. 2(c, f). */
const INVERTED = { kind: 'gaussian' as const, lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9] }

/** A balanced start under gradient flow: the setting of the paper's theorems, followed to the end. */
function flow(
  data: SweepSpec['base']['data'],
  depth: number,
  scale: number,
  time: number,
): SweepSpec['base'] {
  return {
    objective: 'jepa',
    data,
    model: { kind: 'deep-linear', depth },
    init: { kind: 'balanced', scale },
    training: { mode: 'flow', time },
  }
}

const lambdaOrder = preset({
  name: 'lambda-order',
  title: 'λ varied at ρ = 1',
  claim:
    'Features of equal ρ are learned one after the other by falling λ, by JEPA and by MAE, at every depth.',
  source: 'arXiv 2407.03475, Fig. 2(a, d); docs/theory.md §8',
  spec: {
    base: flow({ kind: 'gaussian', lambda: [0.25, 0.5, 1, 2], rho: [1, 1, 1, 1] }, 3, 1e-3, 1.6e5),
    axes: { objective: BOTH, 'model.depth': [1, 2, 3, 4] },
    claim: 'greedy-in-lambda',
  },
})

const rhoOrder = preset({
  name: 'rho-order',
  title: 'ρ varied at λ = 1',
  claim:
    'Of features of equal λ, JEPA learns those of high ρ first; MAE learns them all but at once, the low ρ ahead by a little.',
  source: 'arXiv 2407.03475, Fig. 2(b, e); docs/theory.md §3, §8',
  spec: {
    base: flow({ kind: 'gaussian', lambda: [1, 1, 1, 1], rho: [0.4, 0.55, 0.7, 0.9] }, 3, 1e-3, 1e5),
    axes: { objective: BOTH, 'model.depth': [2, 3, 4] },
    claim: 'greedy-in-rho',
  },
})

const inversion = preset({
  name: 'inversion',
  title: 'λ up while ρ goes down',
  claim:
    'Where λ falls as ρ rises, deep JEPA learns by falling ρ and MAE by falling λ, in opposite order; at depth 1 both learn by falling λ.',
  source: 'arXiv 2407.03475, Fig. 2(c, f); docs/theory.md §4, §8',
  spec: {
    base: flow(INVERTED, 4, 1e-4, 2.5e6),
    axes: { objective: BOTH, 'model.depth': [1, 2, 3, 4] },
    claim: 'inversion',
  },
})

const inversionMatrix = preset({
  name: 'inversion-matrix',
  title: 'The inversion through whole matrices',
  claim:
    'The order is inverted in descent of whole matrices too, on rotated data, from dense starts in which every entry is off balance by 1 %.',
  source:
    'arXiv 2407.03475, Fig. 2(c, f) through training; docs/theory.md §4, §7; docs/findings/noisy-inversion.md',
  spec: {
    base: {
      objective: 'jepa',
      data: { ...INVERTED, rotation: { kind: 'haar', seed: 1 } },
      model: { kind: 'deep-linear', depth: 4 },
      init: { kind: 'balanced', scale: 1e-3, noise: 0.01 },
      training: { mode: 'gradient-descent', learningRate: 0.1, time: 8e4 },
    },
    axes: { objective: BOTH, seed: { seeds: 8 } },
    claim: 'inversion',
  },
})

const inversionBoundary = preset({
  name: 'inversion-boundary',
  title: 'Where JEPA changes its order',
  claim:
    'JEPA learns the feature of ρ = 0.3 before that of ρ = 0.9 only where λ₀/λ₁ is above R_J, which goes from 1.001 at depth 1 to 3.04 at depth 6.',
  source: 'docs/theory.md §4, the table of R_M and R_J at ε = 1e-4',
  spec: {
    base: flow({ kind: 'gaussian', lambda: [1, 1], rho: [0.3, 0.9] }, 2, 1e-4, 2e7),
    axes: { 'model.depth': [1, 2, 3, 4, 5, 6], 'data.lambda.0': { log: [0.8, 4] } },
    search: 'boundary',
    question: 'first-feature-is:0',
    tolerance: 0.005,
    claim: 'inversion-boundary',
  },
})

export const ORDER_PRESETS: readonly Preset[] = [
  lambdaOrder,
  rhoOrder,
  inversion,
  inversionMatrix,
  inversionBoundary,
]
