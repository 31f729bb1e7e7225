import type { ClaimName, SweepSpec } from '../sweep.ts'
import { type Preset, preset } from './preset.ts'

/**
 * The paper's question put to nets with activations (docs/findings/nets.md): in data of which λ falls as ρ rises, and from small random
 * starts, so that little of a latent can be read off before training.
 */

const BOTH = ['jepa', 'mae']
const SOURCE = 'docs/findings/nets.md'

type Base = SweepSpec['base']
type Axes = SweepSpec['axes']

/** Seeds turn fastest and objectives slowest. */
function twins(base: Base, seeds: number, axes: Axes = {}, claim: ClaimName = 'jepa-follows-rho'): SweepSpec {
  return { base, axes: { objective: BOTH, ...axes, seed: { seeds } }, claim }
}

/** The same from more seeds, in a wider net on larger batches. */
function wider(base: Base, model: Base['model'], steps: number): Base {
  const { training } = base
  if (training.mode !== 'sgd') return { ...base, model }
  return { ...base, model, training: { ...training, batchSize: 512, steps } }
}

const MIXING: Base['data'] = {
  kind: 'nonlinear',
  family: 'mixing',
  lambda: [1.3, 1.15, 1, 0.9],
  rho: [0.3, 0.5, 0.7, 0.9],
  dimension: 16,
}
const MLP = { kind: 'mlp', depth: 1, width: 64, outputs: 16, activation: 'relu' } as const
const WIDE = { ...MLP, width: 1024 }
const measure = { points: 60 }

function onMixing(scale: number, learningRate: number, steps: number): Base {
  return {
    objective: 'jepa',
    data: MIXING,
    model: MLP,
    init: { kind: 'orthogonal', scale },
    training: { mode: 'sgd', learningRate, batchSize: 128, steps },
    measure,
  }
}

const mixingBase = onMixing(0.01, 0.5, 10_000)
const mixing = preset({
  name: 'nets-mixing',
  title: 'Nets on latents behind a random network',
  claim:
    'An MLP by JEPA learns independent latents that a random network has mixed more in the order of falling ρ than one by MAE.',
  source: SOURCE,
  spec: twins(mixingBase, 8),
  full: twins(wider(mixingBase, WIDE, 20_000), 32),
  figure: 'twins',
})

const hierarchicalBase: Base = {
  objective: 'jepa',
  data: { kind: 'nonlinear', family: 'hierarchical', lambda: [0.55, 0.5, 0.45], rho: [0.3, 0.6, 0.9] },
  model: MLP,
  init: { kind: 'orthogonal', scale: 0.02 },
  training: { mode: 'sgd', learningRate: 0.1, batchSize: 128, steps: 20_000 },
  measure,
}
const hierarchical = preset({
  name: 'nets-hierarchical',
  title: 'Nets on a tree of latents, coarse to fine',
  claim:
    'An MLP by JEPA learns a tree of latents, of which the fine ones are the most predictable, more in the order of falling ρ than one by MAE.',
  source: SOURCE,
  spec: twins(hierarchicalBase, 8),
  full: twins(wider(hierarchicalBase, WIDE, 60_000), 32),
  figure: 'twins',
})

const CONVOLUTIONS = {
  kind: 'convolutional' as const,
  channels: [8, 16],
  outputs: 16,
  activation: 'relu' as const,
}
const DEEP_CONVOLUTIONS = { ...CONVOLUTIONS, channels: [32, 64, 128], outputs: 64 }

const factorsBase: Base = {
  objective: 'jepa',
  data: {
    kind: 'nonlinear',
    family: 'factors',
    factors: ['background', 'size', 'position-y', 'position-x'],
    lambda: [0.3, 0.27, 0.24, 0.2],
    rho: [0.3, 0.5, 0.7, 0.9],
    size: 12,
  },
  model: CONVOLUTIONS,
  init: { kind: 'orthogonal', scale: 0.012 },
  training: { mode: 'sgd', learningRate: 0.1, batchSize: 64, steps: 15_000, clip: 2 },
  measure: { points: 40 },
}
const factors = preset({
  name: 'nets-factors',
  title: 'Convolutions on rendered scenes',
  claim:
    'A convolutional encoder by JEPA learns the factors of rendered scenes, of which the loudest is the least predictable, more in the order of falling ρ than one by MAE.',
  source: SOURCE,
  spec: twins(factorsBase, 16),
  full: twins(wider(factorsBase, DEEP_CONVOLUTIONS, 40_000), 32),
  figure: 'twins',
})

const depthBase = onMixing(0.03, 0.5, 10_000)
const depth = preset({
  name: 'nets-depth',
  title: 'Nets of depth 1 to 6',
  claim: 'At every depth from 1 to 6, an MLP by JEPA learns more in the order of falling ρ than one by MAE.',
  source: SOURCE,
  spec: twins(depthBase, 8, { 'model.depth': [1, 2, 3, 4, 5, 6] }),
  full: twins(wider(depthBase, WIDE, 20_000), 16, { 'model.depth': [1, 2, 3, 4, 5, 6] }),
  figure: 'critical-times',
})

const scaleBase = onMixing(0.02, 0.2, 20_000)
const decades = (count: number): Axes => ({ 'init.scale': { log: [1e-4, 1], count } })
const scale = preset({
  name: 'nets-scale',
  title: 'Nets by the scale of the start, over four decades',
  claim:
    'From starts over four decades: where an MLP by JEPA can tell of any latent at the end, it tells more of that of the highest ρ than of that of the lowest, by more than one by MAE.',
  source: SOURCE,
  spec: twins(scaleBase, 8, decades(5), 'jepa-keeps-by-rho'),
  full: twins(wider(scaleBase, WIDE, 40_000), 16, decades(17), 'jepa-keeps-by-rho'),
  figure: 'critical-times',
})

/** Noise of a tenth of a pixel's variance, alike everywhere or loudest along the digits' leading components. */
function digits(resolution: number, steps: number): Base {
  return {
    objective: 'jepa',
    data: {
      kind: 'images',
      dataset: 'mnist',
      resolution,
      views: { kind: 'noise', nu: 0.1, power: 0 },
    },
    model: { ...CONVOLUTIONS, outputs: 32 },
    init: { kind: 'orthogonal', scale: 0.5 },
    training: { mode: 'sgd', learningRate: 0.005, batchSize: 64, steps, clip: 5 },
    measure: { points: 16 },
  }
}
const imageAxes = { 'data.views.power': [0, 8] }
const images = preset({
  name: 'nets-images',
  title: 'Convolutions on digits under loud noise',
  claim:
    'Convolutions by JEPA with nothing but the stopped gradient end telling digits worse than before training, those by MAE better, under noise that is alike everywhere and under noise that is loudest where digits differ most.',
  source: SOURCE,
  spec: twins(digits(14, 2000), 8, imageAxes, 'jepa-loses-classes'),
  full: twins(
    { ...digits(28, 50_000), model: { ...DEEP_CONVOLUTIONS, outputs: 128 } },
    16,
    imageAxes,
    'jepa-loses-classes',
  ),
  figure: 'amplitudes',
})

export const NET_PRESETS: readonly Preset[] = [mixing, hierarchical, factors, depth, scale, images]
