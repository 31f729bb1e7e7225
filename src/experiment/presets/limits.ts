import { type Preset, preset } from './preset.ts'

/** Where the exact theory ends: random starts, covariances without a common basis, minibatches (docs/theory.md §6, §7). */

const BOTH = ['jepa', 'mae']

const randomStart = preset({
  name: 'random-start',
  title: 'Random instead of balanced start',
  claim:
    'From small Gaussian weights JEPA loses a fifth to two fifths of its features for good, more of them the deeper it is; MAE loses none.',
  source: 'docs/theory.md §7, "Gaussian init": 21 %, 23 to 25 % and 38 % at depth 1, 2 and 3',
  spec: {
    base: {
      objective: 'jepa',
      data: { kind: 'gaussian', lambda: [1, 0.8, 0.6, 0.4], rho: [0.9, 0.8, 0.7, 0.6] },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'gaussian', scale: 1e-2 },
      training: { mode: 'flow', time: 1e5 },
    },
    axes: { objective: BOTH, 'model.depth': [1, 2, 3], seed: { seeds: 48 } },
    claim: 'random-start-collapses',
  },
})

const batchSize = preset({
  name: 'sgd-batch',
  title: 'SGD batch size',
  claim:
    'Minibatches carry the amplitudes of JEPA away from their fixed points, further the smaller the batch; MAE is held by its loss and stays nearer.',
  source:
    'docs/theory.md §6, "SGD": deviations of .95, .19, .04 (JEPA) and .25, .08, .07 (MAE) at B = 8, 64, 512',
  spec: {
    base: {
      objective: 'jepa',
      data: { kind: 'gaussian', lambda: [1, 0.8, 0.6, 0.4], rho: [0.9, 0.8, 0.7, 0.6] },
      model: { kind: 'deep-linear', depth: 2 },
      init: { kind: 'balanced', scale: 1e-2 },
      training: { mode: 'sgd', learningRate: 0.1, batchSize: 64, steps: 20_000 },
    },
    axes: { objective: BOTH, 'training.batchSize': [8, 32, 128, 512], seed: { seeds: 16 } },
    claim: 'batch-size-drift',
  },
})

export const LIMIT_PRESETS: readonly Preset[] = [randomStart, batchSize]
