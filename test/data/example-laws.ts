import type { DataSpec } from '../../src/experiment/data-spec.ts'

const alpha = [1, 0.5, 2]
const C = [
  [1, 0.6, 0.2],
  [0.6, 2, 0.6],
  [0.2, 0.6, 0.5],
]
const singular = [
  [1, 1, 0],
  [1, 1, 0],
  [0, 0, 0],
]
const system = {
  A: [
    [0.9, 0.2],
    [-0.1, 0.5],
  ],
  Q: [
    [0.2, 0.1],
    [0.1, 0.2],
  ],
  C: [
    [1, 0],
    [0.5, 1],
    [0, 2],
  ],
  R: [
    [0.1, 0, 0],
    [0, 0.3, 0.1],
    [0, 0.1, 0.2],
  ],
}

/** Name of a law → the spec that asks for it: all that can be sampled without a file. */
export const laws: Record<string, DataSpec> = {
  gaussian: { kind: 'gaussian', lambda: [1, 0.6, -0.4], rho: [0.5, 0.9, -0.8] },
  'gaussian with ρ above 1': { kind: 'gaussian', lambda: [1, 0.6], rho: [1.5, 0.9] },
  'rotated gaussian with its own σ_y²': {
    kind: 'gaussian',
    lambda: [1, 0.6, 0.3],
    rho: [0.5, 0.9, 0.8],
    sigmaY2: [0.5, 3, 1],
    rotation: { kind: 'haar', seed: 3 },
  },
  'static noise': { kind: 'static-noise', alpha, nu: [0.2, 0, 3] },
  'static noise, clean target': { kind: 'static-noise', alpha, nu: [0.2, 0.1, 3], target: 'clean' },
  'feature mask': { kind: 'feature-mask', alpha, keep: [0.9, 0.5, 0.3] },
  'feature mask, full target': { kind: 'feature-mask', alpha, keep: [1, 0.5, 0.3], target: 'full' },
  'pixel mask': { kind: 'pixel-mask', C, keep: 0.7 },
  'pixel mask, complement': { kind: 'pixel-mask', C, keep: 0.7, target: 'complement' },
  'pixel mask, full target': { kind: 'pixel-mask', C: singular, keep: 0.7, target: 'full' },
  'projections of rank 1': { kind: 'random-projection', alpha, rank: 1 },
  'projections of rank 2': { kind: 'random-projection', alpha: [...alpha, 0.1], rank: 2 },
  'projections of full rank': { kind: 'random-projection', alpha, rank: 3 },
  temporal: { kind: 'temporal', alpha, gamma: [0.95, -0.5, 0], nu: [0.2, 0, 3] },
  'temporal, three steps': { kind: 'temporal', alpha, gamma: [0.95, -0.5, 0.8], nu: [0.2, 0.1, 3], lag: 3 },
  'linear system': { kind: 'linear-system', ...system },
  'linear system, four steps': { kind: 'linear-system', ...system, lag: 4 },
  covariance: {
    kind: 'covariance',
    Sxx: C,
    Syx: [
      [0.3, 0.1, 0],
      [-0.1, 0.4, 0.1],
      [0.2, 0, 0.1],
    ],
  },
  'singular covariance': { kind: 'covariance', Sxx: singular, Syx: singular },
}
