import { type Preset, preset } from './preset.ts'

/** Where the exact theory ends: random starts, covariances without a common basis, minibatches (docs/theory.md §6, §7). */

const BOTH = ['jepa', 'mae']

const randomStart = preset({
  name: 'random-start',
  title: 'Random instead of balanced start',
  claim:
    'From small Gaussian weights JEPA loses a fifth to two fifths of its features for good, more of them the deeper it is; MAE loses none.',
  source:
    'docs/theory.md §7, "Gaussian init": 21 %, 23 to 25 % and 38 % at depth 1, 2 and 3; docs/findings/random-starts.md',
  spec: {
    base: {
      objective: 'jepa',
      data: { kind: 'gaussian', lambda: [1, 0.8, 0.6, 0.4], rho: [0.9, 0.8, 0.7, 0.6] },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'gaussian', scale: 1e-2 },
      training: { mode: 'flow', time: 1e6 },
    },
    axes: { objective: BOTH, 'model.depth': [1, 2, 3], seed: { seeds: 48 } },
    claim: 'random-start-collapses',
  },
})

/** ρ of two generalised features, and the variance of x along them. */
const RHO = [0.8, 0.65] as const
const VARIANCE = [1.25, 1] as const

/**
 * Generalised features Syx q = ρ Sxx q, Syx symmetric, with unit vectors q₀ = (1, 0), q₁ = (c, s): with Q = [q₀ q₁],
 * Sxx = Q'⁻¹ diag(σ²) Q⁻¹ and Syx = Q'⁻¹ diag(ρσ²) Q⁻¹. They commute at c = 0 alone.
 */
function oblique(cosine: number) {
  const sine = Math.sqrt(1 - cosine ** 2)
  const withVariances = (a: number, b: number) => {
    const mixed = round((-a * cosine) / sine)
    return [
      [a, mixed],
      [mixed, round((a * cosine ** 2 + b) / sine ** 2)],
    ]
  }
  const [a, b] = VARIANCE
  return { kind: 'covariance' as const, Sxx: withVariances(a, b), Syx: withVariances(RHO[0] * a, RHO[1] * b) }
}

/** Left eigenvectors l₀ = (1, 0), l₁ = (c, s) of M = Syx Sxx⁻¹ at Sxx = diag(σ²): Syx' = Sxx [l₀ l₁] diag(ρ) [l₀ l₁]⁻¹, asymmetric. */
function skewed(cosine: number) {
  const [a, b] = VARIANCE
  const mixed = round((a * (RHO[1] - RHO[0]) * cosine) / Math.sqrt(1 - cosine ** 2))
  return {
    kind: 'covariance' as const,
    Sxx: [
      [a, 0],
      [0, b],
    ],
    Syx: [
      [RHO[0] * a, 0],
      [mixed, RHO[1] * b],
    ],
  }
}

function round(value: number): number {
  return Number(value.toFixed(6))
}

const generalisedFeatures = preset({
  name: 'generalised-features',
  title: 'Covariances without a common basis',
  claim:
    "JEPA learns generalised features, Σyx'l = ρ Σxx l, one at a time, at whatever angle they lie and with Σyx symmetric or not: while it has learned the first alone, its encoder is ρ^L along it and nothing across. MAE ends with the singular values of ΣyxΣxx⁻¹ instead.",
  source: 'docs/theory.md §7, "Non-commuting"',
  spec: {
    base: {
      objective: 'jepa',
      data: oblique(0),
      model: { kind: 'deep-linear', depth: 2 },
      init: { kind: 'balanced', scale: 1e-3 },
      training: { mode: 'flow', time: 2e4 },
      measure: { fraction: 0.8 },
    },
    axes: {
      objective: BOTH,
      data: [...[0, 0.15, 0.3, 0.45].map(oblique), ...[0.3, 0.6].map(skewed)],
      'training.time': [1.3e4, 3e4],
    },
    claim: 'generalised-features',
  },
})

const batchSize = preset({
  name: 'sgd-batch',
  title: 'SGD batch size',
  claim:
    'Minibatches carry the amplitudes of JEPA away from their fixed points in proportion to time over batch size; those of MAE drift too, but to a place of their own that larger batches hardly bring nearer.',
  source:
    'docs/theory.md §6, "SGD": deviations of .95, .19, .04 (JEPA) and .25, .08, .07 (MAE) at B = 8, 64, 512; docs/findings/minibatch-drift.md',
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

export const LIMIT_PRESETS: readonly Preset[] = [randomStart, generalisedFeatures, batchSize]
