import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { RunFiles } from '../../src/artifacts/run-folder.ts'
import { fromRows, type NamedTensors } from '../../src/experiment/matrix.ts'
import type { Measurements } from '../../src/experiment/measurement.ts'

/** A folder of a test's own, gone when the test ends. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'jepalab-artifacts-'))
  test.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const measurements: Measurements = {
  time: [0, 0.1, 0.30000000000000004],
  step: [0, 1, 3],
  loss: [1, 0.5, 1 / 3],
  amplitudes: [
    [0.1, 0.2, 0.7],
    [1e-300, 2, 3],
  ],
  passages: [
    { time: [0.15], amplitude: [0.25] },
    { time: [], amplitude: [] },
  ],
}

export const weights = {
  layers: [
    fromRows([
      [1, 2],
      [3, 4],
      [5, Math.PI],
    ]),
    fromRows([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, -9],
    ]),
  ],
  decoder: fromRows([
    [0.1, 0.2, 0.3],
    [1e-310, -0, 2],
  ]),
}

export const id = 'rabcdefghijklmnopqrstuvwxyz'

/** Files of a small finished run. */
export function runFiles(attempt = 1): RunFiles {
  return {
    spec: {
      objective: 'mae',
      data: { kind: 'gaussian', lambda: [1, 0.5], rho: [0.9, 0.5] },
      model: { kind: 'deep-linear', depth: 2, width: 3 },
      init: { kind: 'balanced', scale: 0.1, noise: 0 },
      training: { mode: 'flow', time: 0.3, precision: 'float64' },
      measure: { schedule: 'log', points: 3, fraction: 0.5, probes: [] },
      seed: 0,
      replicate: 0,
      device: 'auto',
      engine: 'auto',
    },
    measurements,
    weights,
    manifest: {
      id,
      attempt,
      outcome: 'succeeded',
      message: null,
      steps: 3,
      time: 0.3,
      wallSeconds: 0.01,
      device: 'cpu',
      engine: 'reference',
      precision: 'float64',
      versions: { node: process.versions.node },
    },
  }
}

/** Of a net: a probe that was not taken in every row, and tensors of several shapes. */
export const netMeasurements: Measurements = {
  ...measurements,
  passages: measurements.amplitudes.map(() => ({ time: [], amplitude: [] })),
  probes: {
    latents: {
      values: [
        [0.1, Number.NaN, 0.75],
        [-0.25, Number.NaN, 1 / 3],
      ],
    },
    rank: { values: [[3.5, 2, -0]] },
  },
}

export const netWeights: NamedTensors = {
  'encoder.0.kernel': { shape: [1, 2, 2], data: Float32Array.of(1 / 3, -0, 1e-40, 4) },
  'encoder.0.bias': { shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) },
  scale: { shape: [], data: Float32Array.of(7) },
}

/** Files of a small finished run of a net. */
export function netFiles(attempt = 1): RunFiles {
  return { ...runFiles(attempt), measurements: netMeasurements, weights: netWeights }
}
