import { diagonal, identity } from '../../src/data/linear-algebra.ts'
import type { Measurements } from '../../src/experiment/measurement.ts'
import { type ResolvedSpec, resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec, Objective } from '../../src/experiment/spec.ts'
import type { FinishedRun } from '../../src/report/finished-run.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { fixedPoint } from '../../src/theory/fixed-points.ts'
import { amplitudesAt } from '../../src/theory/trajectories.ts'

/** What a balanced run on diagonal data is made of. */
export interface Setting {
  readonly objective: Objective
  readonly depth: number
  readonly scale: number
  readonly lambda: readonly number[]
  readonly rho: readonly number[]
  readonly time: number
  readonly fraction?: number
  readonly points?: number
  readonly schedule?: 'log' | 'linear'
}

/** A run whose measurements are the exact solution, sampled as a worker samples: rows and passages. */
export function exactRun(setting: Setting): FinishedRun {
  const spec = specOf(setting)
  const { lambda, rho } = setting
  const sigma2 = lambda.map((l, i) => l / rho[i]!)
  const d = lambda.length
  return {
    id: 'rexample234567example234567',
    spec,
    spectrum: { directions: identity(d), sigma2, lambda, rho, sigmaY2: sigma2, commutator: 0, asymmetry: 0 },
    moments: { Sxx: diagonal(sigma2), Syx: diagonal(lambda), Syy: diagonal(sigma2) },
    manifest: {
      manifest: 1,
      id: 'rexample234567example234567',
      attempt: 1,
      outcome: 'succeeded',
      message: null,
      steps: 1000,
      time: setting.time,
      wallSeconds: 2,
      device: 'cpu',
      engine: 'reference',
      precision: 'float64',
      versions: { node: '20.20.2' },
      fingerprint: '0123456789abcdef'.repeat(4),
      files: [],
    },
    measurements: exactMeasurements(setting, spec),
  }
}

export function specOf(setting: Setting): ResolvedSpec {
  const {
    objective,
    depth,
    scale,
    lambda,
    rho,
    time,
    fraction = 0.5,
    points = 200,
    schedule = 'log',
  } = setting
  const spec: ExperimentSpec = {
    objective,
    data: { kind: 'gaussian', lambda: [...lambda], rho: [...rho] },
    model: { kind: 'deep-linear', depth },
    init: { kind: 'balanced', scale },
    training: { mode: 'flow', time },
    measure: { schedule, points, fraction },
  }
  return resolveSpec(spec, lambda.length)
}

function exactMeasurements(setting: Setting, { measure }: ResolvedSpec): Measurements {
  const { objective, depth, scale, lambda, rho, time } = setting
  const n = measure.points
  const first = 1e-6 * time
  const rows =
    measure.schedule === 'linear'
      ? Array.from({ length: n }, (_, k) => (time * k) / (n - 1))
      : [0, ...Array.from({ length: n - 1 }, (_, k) => first * (time / first) ** (k / (n - 2)))]
  const modes = lambda.map((l, i) => ({ depth, lambda: l, rho: rho[i]!, scale }))
  return {
    time: rows,
    step: rows.map((_, k) => k * 10),
    loss: rows.map((_, k) => 1 / (1 + k)),
    amplitudes: modes.map((mode) => amplitudesAt(objective, mode, rows)),
    passages: modes.map((mode) => {
      const target = fixedPoint(objective, mode.rho, depth)
      const levels = Array.from({ length: 400 }, (_, k) => 10 ** ((k - 360) / 40)).filter(
        (w) => w > scale && w < target && mode.lambda > 0,
      )
      const times = levels.map((w) => criticalTime(objective, { ...mode, fraction: w / target }))
      const within = times.filter((t) => t < time)
      return { time: within, amplitude: levels.slice(0, within.length) }
    }),
  }
}
