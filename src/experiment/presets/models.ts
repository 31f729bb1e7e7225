import type { SweepSpec } from '../sweep.ts'
import { type Preset, preset } from './preset.ts'

/** The paper's generative models at depths (docs/theory.md §5). λ falls as ρ rises, between R_M and R_J where the network is deep. */

const BOTH = ['jepa', 'mae']
const DEPTHS = [1, 2, 3, 4]

function deepening(data: SweepSpec['base']['data'], scale: number, time: number) {
  return {
    base: {
      objective: 'jepa' as const,
      data,
      model: { kind: 'deep-linear' as const, depth: 1 },
      init: { kind: 'balanced' as const, scale },
      training: { mode: 'flow' as const, time },
    },
    axes: { objective: BOTH, 'model.depth': DEPTHS },
  }
}

const staticNoise = preset({
  name: 'static-noise',
  title: 'The static model at depths',
  claim:
    'Two noisy views of one latent: MAE learns by falling signal at every depth; JEPA turns with depth to the features with the least noise.',
  source: 'arXiv 2407.03475, section 5, static linear model; docs/theory.md §5, §8',
  spec: {
    ...deepening({ kind: 'static-noise', alpha: [1.16, 1.08, 1], nu: [1.74, 0.72, 0.1] }, 1e-3, 2e5),
    claim: 'static-noise-depth',
  },
})

const temporal = preset({
  name: 'temporal',
  title: 'The dynamic model at depths',
  claim:
    'A view and a later one: MAE learns by falling covariance of the two at every depth; JEPA turns with depth to the slow features, which are most predictable.',
  source: 'arXiv 2407.03475, section 5, dynamic linear model; docs/theory.md §5, §8',
  spec: {
    ...deepening(
      { kind: 'temporal', alpha: [2.6, 1.8, 1.1], gamma: [0.45, 0.6, 0.95], nu: [0.1, 0.1, 0.1] },
      1e-3,
      2e5,
    ),
    claim: 'temporal-depth',
  },
})

export const MODEL_PRESETS: readonly Preset[] = [staticNoise, temporal]
