import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { openProblem } from '../src/data/open-problem.ts'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { asLinear, resolveSpec } from '../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../src/experiment/spec.ts'
import type { RunPlan } from '../workers/engines/engine.ts'
import { referenceEngine } from '../workers/engines/reference/engine.ts'
import type { StepwiseEngine } from '../workers/engines/stepwise.ts'
import { openTensorFlowEngine } from '../workers/engines/tensorflow/engine.ts'
import { initialWeights } from '../workers/models/initial-weights.ts'

/**
 * Steps a second of one run on each engine, amplitudes read as a run reads them, at sizes around the one where the
 * two meet: the figures behind `engine: auto` (workers/engines/choose.ts, docs/engines.md). Best of three rounds
 * that take turns, so that a busy moment of the machine does not settle a row.
 *
 *   node --import tsx bench/engine-crossover.ts
 */
const ROUND_MS = 400
const ROUNDS = 3
const tensorflow = await openTensorFlowEngine('cpu')
const engines = [referenceEngine, tensorflow]

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: repositoryRoot(),
  encoding: 'utf8',
})
console.log(`${cpus()[0]?.model}, ${cpus().length} cores; commit ${commit.trim()}`)
console.log(
  `Node ${process.versions.node}, TensorFlow ${tensorflow.versions.tensorflow} on ${tensorflow.device}`,
)
console.log('mode               L    d   reference  tensorflow   tensorflow/reference')
for (const mode of ['gradient-descent', 'sgd'] as const) {
  for (const depth of [1, 3, 8]) {
    for (const features of [4, 16, 32, 40, 48, 64, 128]) {
      const plan = await planOf(mode, depth, features)
      const best = engines.map(() => 0)
      for (let round = 0; round < ROUNDS; round++) {
        for (const [e, engine] of engines.entries()) best[e] = Math.max(best[e]!, rate(engine, plan))
      }
      const [slow, fast] = best as [number, number]
      const row = [mode.padEnd(16), `${depth}`.padStart(3), `${features}`.padStart(4)]
      row.push(
        slow.toPrecision(2).padStart(11),
        fast.toPrecision(2).padStart(11),
        (fast / slow).toFixed(2).padStart(12),
      )
      console.log(row.join(' '))
    }
  }
}

async function planOf(mode: 'gradient-descent' | 'sgd', depth: number, features: number): Promise<RunPlan> {
  const lambda = Array.from({ length: features }, (_, i) => 1 - (0.3 * i) / features)
  const data: ExperimentSpec['data'] = { kind: 'gaussian', lambda, rho: lambda.map(() => 0.9) }
  const common = { learningRate: 1e-4, steps: 1e9 }
  const training =
    mode === 'sgd' ? { mode, ...common, batchSize: 64, draws: 'samples' as const } : { mode, ...common }
  const model = { kind: 'deep-linear' as const, depth }
  const problem = await openProblem(data)
  const spec = resolveSpec(
    { objective: 'jepa', data, model, init: { kind: 'gaussian', scale: 0.1 }, training },
    features,
  )
  return {
    objective: spec.objective,
    depth,
    features,
    width: features,
    moments: problem.moments,
    directions: problem.spectrum.directions,
    sampler: problem.sampler(0),
    initial: initialWeights(asLinear(spec), features),
    training: spec.training,
    points: [1e9],
  }
}

/** Steps a second, in this round. */
function rate(engine: StepwiseEngine, plan: RunPlan): number {
  const training = engine.begin(plan)
  try {
    const until = (ms: number) => {
      const [from, began] = [training.step, performance.now()]
      while (performance.now() - began < ms) {
        training.advance(1e9)
        training.amplitudes()
      }
      return ((training.step - from) / (performance.now() - began)) * 1000
    }
    until(ROUND_MS / 4) // warm-up: the compiler of the one, the first operations of the other
    return until(ROUND_MS)
  } finally {
    training.dispose()
  }
}
