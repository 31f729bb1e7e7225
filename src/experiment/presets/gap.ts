import { type Preset, preset } from './preset.ts'

/** How far apart features are learned, by depth and by the scale of the start (docs/theory.md §3, §4, §7). */

const BOTH = ['jepa', 'mae']
const FALLING_LAMBDA = { kind: 'gaussian' as const, lambda: [2, 1, 0.5, 0.25], rho: [1, 1, 1, 1] }

const depthGap = preset({
  name: 'depth-gap',
  title: 'Depth 1 to 6 against the temporal gap',
  claim:
    'With λ equal, every layer pulls the critical times of JEPA further apart by ρ, and draws those of MAE together.',
  source: 'arXiv 2407.03475, the role of depth; docs/theory.md §8, row "depth"',
  spec: {
    base: {
      objective: 'jepa',
      data: { kind: 'gaussian', lambda: [1, 1, 1, 1], rho: [0.9, 0.7, 0.5, 0.35] },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'balanced', scale: 1e-4 },
      training: { mode: 'flow', time: 1e7 },
    },
    axes: { objective: BOTH, 'model.depth': [1, 2, 3, 4, 5, 6] },
    claim: 'depth-widens-gap',
  },
})

const initScale = preset({
  name: 'init-scale',
  title: 'Init scale over four decades',
  claim:
    'The smaller the start, the more separately features are learned, by both objectives: the greedy index rises from about a third at ε = 0.4 towards 1.',
  source: 'docs/theory.md §7, "Large init"',
  spec: {
    base: {
      objective: 'jepa',
      data: FALLING_LAMBDA,
      model: { kind: 'deep-linear', depth: 3 },
      init: { kind: 'balanced', scale: 1e-2 },
      training: { mode: 'flow', time: 2.5e7 },
    },
    axes: { objective: BOTH, 'init.scale': { log: [4e-5, 0.4], count: 17 } },
    claim: 'small-scale-is-greedy',
  },
})

const greedyBoundary = preset({
  name: 'greedy-boundary',
  title: 'Where learning stops being greedy',
  claim:
    'At every depth there is one scale of the start below which JEPA learns one feature at a time and above which it does not, where the exact solution puts it.',
  source: 'docs/theory.md §4 and §7, greedy index against ε',
  spec: {
    base: {
      objective: 'jepa',
      data: FALLING_LAMBDA,
      model: { kind: 'deep-linear', depth: 3 },
      init: { kind: 'balanced', scale: 1e-2 },
      training: { mode: 'flow', time: 1e6 },
    },
    axes: { 'model.depth': [1, 2, 3, 4, 5, 6], 'init.scale': { log: [1e-3, 0.45] } },
    search: 'boundary',
    question: 'greedy',
    tolerance: 0.01,
    claim: 'greedy-boundary',
  },
})

export const GAP_PRESETS: readonly Preset[] = [depthGap, initScale, greedyBoundary]
