import { openProblem } from '../../src/data/open-problem.ts'
import { pointsOf, specAt } from '../../src/experiment/axes.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { TrajectoryView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import { sweepRunOf } from '../../src/experiment/sweep-run.ts'
import type { SweepRun } from '../../src/experiment/sweep-view.ts'
import type { FinishedRun } from '../../src/report/finished-run.ts'
import { buildReport } from '../../src/report/report.ts'
import { analyseSweep } from '../../src/report/sweeps/analysis.ts'
import type { SweepDrawing } from '../../src/report/sweeps/figures/sweep-drawing.ts'

/** An MLP on latents of which those of high ρ have small λ. */
export const netSpec = {
  objective: 'jepa',
  data: { kind: 'nonlinear', family: 'mixing', lambda: [2, 1, 0.5, 0.25], rho: [0.4, 0.6, 0.8, 0.95] },
  model: { kind: 'mlp', depth: 2, width: 16, activation: 'tanh' },
  init: { kind: 'orthogonal', scale: 0.01 },
  training: { mode: 'sgd', learningRate: 0.1, batchSize: 32, steps: 10_000 },
} as const satisfies ExperimentSpec

const POINTS = 40

/** A run that learns by falling ρ (JEPA) or falling λ (MAE), a factor ten apart, later from a smaller start; the seed shifts the times. */
export async function netRun(asked: ExperimentSpec): Promise<FinishedRun> {
  const problem = await openProblem(asked.data)
  const latents = problem.latents!
  const spec = resolveSpec(asked, problem.features)
  const { objective, init, seed } = spec
  const scale = init.kind === 'explicit' ? 1 : init.scale
  const values = objective === 'jepa' ? latents.rho : latents.lambda
  const first = (1 / scale) ** 0.3 * (1 + 0.1 * Math.sin(seed))
  const arrivals = values.map((value) => first * 10 ** values.filter((other) => other > value).length)
  const time = [0, ...Array.from({ length: POINTS - 1 }, (_, k) => 10 ** (-1 + (4 * k) / (POINTS - 2)))]
  const amplitudes = arrivals.map((arrival) => time.map((t) => t ** 3 / (t ** 3 + arrival ** 3) - 0.01))
  return {
    id: 'rnet',
    spec,
    latents,
    get spectrum(): never {
      throw new Error('Nets with known latents need no spectrum.')
    },
    get moments(): never {
      throw new Error('Nets need no moments.')
    },
    measurements: {
      time,
      step: time.map((t) => Math.round(t / 0.1)),
      loss: time.map((t) => 2 / (1 + t / 100)),
      amplitudes,
      passages: amplitudes.map(() => ({ time: [], amplitude: [] })),
      probes: {
        latents: { values: amplitudes },
        rank: { values: [time.map((_, k) => 1 + k / 10)] },
        variance: { values: [1, 2, 3].map((value) => time.map(() => value)) },
        spread: { values: [time.map(() => 0.9)] },
      },
    },
    manifest: {
      ...{
        manifest: 1,
        id: 'rnet',
        attempt: 1,
        outcome: 'succeeded',
        message: null,
        steps: 10_000,
        time: 1000,
      },
      ...{
        wallSeconds: 2,
        device: 'cpu',
        engine: 'tensorflow',
        precision: 'float32',
        versions: {},
        files: [],
      },
      fingerprint: '0123456789abcdef',
    },
  }
}

/** A sweep of such runs. */
export async function netSweep(
  spec: SweepSpec,
): Promise<SweepDrawing & { readonly trajectories: Map<string, TrajectoryView> }> {
  const points = pointsOf(spec)
  const runs: SweepRun[] = []
  const trajectories = new Map<string, TrajectoryView>()
  for (let k = 0; k < points.count; k++) {
    const point = points.at(k)
    const id = `r${String(k).padStart(26, 'a')}`
    const { result, trajectory } = buildReport(await netRun(specAt(spec.base, point) as ExperimentSpec))
    runs.push(sweepRunOf({ id, point, state: 'succeeded' }, result))
    trajectories.set(id, trajectory)
  }
  return { id: 'sexample234567example234567', spec, runs, trajectories, analysis: analyseSweep(spec, runs) }
}
