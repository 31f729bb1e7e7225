import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { openProblem } from '../src/data/open-problem.ts'
import type { Problem } from '../src/data/problem.ts'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { resolveSpec } from '../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../src/experiment/spec.ts'
import { openTensorFlowEngine } from '../workers/engines/tensorflow/engine.ts'
import { trainCohort } from '../workers/run-cohort.ts'

/**
 * `npm run bench -- --suite net-steps`: milliseconds that the engine takes for a step of a net, the drawing of its batch included, alone and in
 * a cohort; the figures of docs/models.md. A step's time is the difference of two runs' times over that of their steps, so that
 * planning, recording and looks cancel; the median of ROUNDS.
 */
const ROUNDS = 5
const FEW_STEPS = 50
/** Of steps of one run that the longer one of both makes more. */
const MORE_MS = 400

const mixing: ExperimentSpec['data'] = {
  kind: 'nonlinear',
  family: 'mixing',
  lambda: [1.3, 1.15, 1, 0.9],
  rho: [0.3, 0.5, 0.7, 0.9],
  dimension: 16,
}
const scenes: ExperimentSpec['data'] = {
  kind: 'nonlinear',
  family: 'factors',
  factors: ['background', 'size', 'position-y', 'position-x'],
  lambda: [0.3, 0.27, 0.24, 0.2],
  rho: [0.3, 0.5, 0.7, 0.9],
  size: 28,
}
const training = { mode: 'sgd', learningRate: 1e-4, batchSize: 64, precision: 'float32' } as const
const images = {
  kind: 'convolutional' as const,
  channels: [8, 16],
  activation: 'relu' as const,
  outputs: 64,
} satisfies ExperimentSpec['model']
const wide = { kind: 'mlp', depth: 2, width: 256, outputs: 64, activation: 'relu' } as const

interface Row {
  readonly title: string
  readonly data: ExperimentSpec['data']
  readonly model: ExperimentSpec['model']
  readonly together: number
  readonly change?: Omit<Partial<ExperimentSpec>, 'training'> & { readonly training?: object }
}

const ROWS: readonly Row[] = [
  {
    title: 'mlp 16-64-16',
    data: mixing,
    model: { kind: 'mlp', depth: 1, width: 64, outputs: 16, activation: 'relu' },
    together: 64,
  },
  { title: 'mlp 784-256-256-64', data: scenes, model: wide, together: 8 },
  {
    title: '… compensated',
    data: scenes,
    model: wide,
    together: 8,
    change: { training: { precision: 'compensated' } },
  },
  {
    title: '… by AdamW',
    data: scenes,
    model: wide,
    together: 8,
    change: { training: { optimizer: { kind: 'adamw' } } },
  },
  { title: 'convolutional 28 × 28, channels 8, 16', data: scenes, model: images, together: 8 },
  { title: '… with batch norm', data: scenes, model: { ...images, norm: 'batch' }, together: 8 },
  {
    title: '… with gelu, residual and average pooling',
    data: scenes,
    model: { ...images, activation: 'gelu', residual: true, pooling: 'average' },
    together: 8,
  },
  {
    title: '… as MAE with a transposed decoder',
    data: scenes,
    model: { ...images, decoder: { kind: 'transposed' } },
    together: 8,
    change: { objective: 'mae' },
  },
]

const engine = await openTensorFlowEngine('cpu')
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: repositoryRoot(),
  encoding: 'utf8',
})
console.log(`${cpus().length} × ${cpus()[0]?.model}, commit ${commit.trim()}`)
console.log(
  '\n| JEPA, sgd, float32 and relu unless said, batches of 64 | alone, ms a step | together, ms a run-step | runs |',
)
console.log('|---|---|---|---|')
for (const row of ROWS) {
  const alone = await millisecondsPerStep(row, 1)
  const together = await millisecondsPerStep(row, row.together)
  console.log(
    `| ${row.title} | ${alone.toFixed(3)} | ${(together / row.together).toFixed(3)} | ${row.together} |`,
  )
}

/** Of all runs together. */
async function millisecondsPerStep(row: Row, runs: number): Promise<number> {
  const problem = await openProblem(row.data)
  await millisecondsOf(row, problem, runs, FEW_STEPS) // the first recording, and what the process compiles
  const rough = (await millisecondsOf(row, problem, runs, 2 * FEW_STEPS)) / (2 * FEW_STEPS)
  const more = Math.max(4 * FEW_STEPS, Math.ceil(MORE_MS / rough))
  const found: number[] = []
  for (let k = 0; k < ROUNDS; k++) {
    const few = await millisecondsOf(row, problem, runs, FEW_STEPS)
    found.push(((await millisecondsOf(row, problem, runs, FEW_STEPS + more)) - few) / more)
  }
  return found.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

async function millisecondsOf(
  { data, model, change }: Row,
  problem: Problem,
  runs: number,
  steps: number,
): Promise<number> {
  const members = Array.from({ length: runs }, (_, seed) => {
    const asked = {
      objective: 'jepa',
      init: { kind: 'gaussian', scale: 0.5 },
      measure: { points: 2, probes: ['variance'] },
      ...change,
      data,
      model,
      seed,
      training: { ...training, ...change?.training, steps },
    } as ExperimentSpec
    const { signal } = new AbortController()
    return { spec: resolveSpec(asked, problem.features), problem, report() {}, signal }
  })
  const began = performance.now()
  await Promise.all(trainCohort(engine, members))
  return performance.now() - began
}
