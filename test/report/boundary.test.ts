import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { specAt } from '../../src/experiment/axes.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { SweepSpec } from '../../src/experiment/sweep.ts'
import { sweepRunOf } from '../../src/experiment/sweep-run.ts'
import type { Point, SweepRun } from '../../src/experiment/sweep-view.ts'
import { buildReport } from '../../src/report/report.ts'
import { boundaryOf, cornersAgree, nextPoints } from '../../src/report/sweeps/boundary.ts'
import { crossoverRatio } from '../../src/theory/crossover.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { type TrainedRun, trainCohort } from '../../workers/run-cohort.ts'
import { lanesSkip } from '../engines/lanes.ts'

const engine = lanesSkip ? referenceEngine : openLanesEngine()
const rho = [0.5, 0.8] as const
const scale = 1e-3
const base: ExperimentSpec = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1, 1], rho: [...rho], rotation: { kind: 'haar', seed: 3 } },
  model: { kind: 'deep-linear', depth: 3 },
  init: { kind: 'balanced', scale },
  training: { mode: 'flow', time: 1e5 },
  measure: { points: 20 },
}

/** Trains the points of a batch as one cohort, and reports each as a sweep does. */
async function trainPoints(spec: SweepSpec, points: readonly Point[]): Promise<SweepRun[]> {
  const members = await Promise.all(
    points.map(async (point) => {
      const asked = specAt(spec.base, point) as ExperimentSpec
      const problem = await openProblem(asked.data)
      const { signal } = new AbortController()
      return { spec: resolveSpec(asked, problem.features), problem, report() {}, signal }
    }),
  )
  const runs = await Promise.all(trainCohort(engine, members))
  return points.map((point, k) => sweepRun(point, members[k]!, runs[k]!))
}

type Member = Parameters<typeof trainCohort>[1][number]

function sweepRun(point: Point, { spec, problem }: Member, run: TrainedRun): SweepRun {
  const { measurements, weights, ...rest } = run
  const { device, name, versions } = engine
  const id = `r${JSON.stringify(point)}`
  const made = { manifest: 1, id, attempt: 1, device, engine: name, versions, files: [] } as const
  const fingerprint = fingerprintOf(measurements, weights)
  const manifest = { ...made, ...rest, fingerprint }
  const { spectrum, moments } = problem
  const { result } = buildReport({ id, spec, spectrum, moments, manifest, measurements })
  return sweepRunOf({ id, point, state: run.outcome }, result)
}

async function search(spec: SweepSpec): Promise<SweepRun[]> {
  assert.deepEqual(cornersAgree(spec), [])
  const runs: SweepRun[] = []
  for (let points = nextPoints(spec, []); points.length > 0; points = nextPoints(spec, runs)) {
    runs.push(...(await trainPoints(spec, points)))
  }
  return runs
}

const lambdas = { 'data.lambda.0': { log: [1, 2] as [number, number] } }

it('the boundary of the inversion is within 1 % of the exact crossover at depth 2 to 5, with a tenth of the runs of a grid', async () => {
  const spec: SweepSpec = {
    base,
    axes: { 'model.depth': [2, 3, 4, 5], ...lambdas },
    search: 'boundary',
    question: 'first-feature-is:0',
    tolerance: 0.01,
  }
  const boundary = boundaryOf(spec, await search(spec))
  for (const { x, y, interval, below, above, predicted } of boundary.lines) {
    const exact = crossoverRatio('jepa', { depth: x as number, scale, rho, fraction: 0.5 })
    const said = `depth ${x}: ${interval} around ${exact}`
    assert.ok(Math.abs(y! / exact - 1) < 0.01 && interval![0] <= exact && exact <= interval![1], said)
    assert.ok(interval![1] / interval![0] <= 1.01 * (1 + 1e-8), said) // rounding only
    assert.ok(Math.abs(predicted! / exact - 1) < 1e-8, `${predicted} against ${exact}`) // 1e-9 of the axis
    assert.deepEqual([below, above], [false, true])
  }
  assert.equal(boundary.gridRuns, 4 * 71)
  assert.ok(boundary.runs <= boundary.gridRuns / 10, `${boundary.runs} runs against ${boundary.gridRuns}`)
})

it('so it is along ρ, where JEPA and MAE are asked whether their orders differ', async () => {
  const spec: SweepSpec = {
    base,
    axes: { 'data.rho.0': { linear: [0.4, 0.6], count: 3 }, ...lambdas },
    search: 'boundary',
    question: 'orders-differ',
    tolerance: 0.01,
  }
  const boundary = boundaryOf(spec, await search(spec))
  for (const { x, y, interval } of boundary.lines) {
    const pair = { depth: 3, scale, rho: [x as number, rho[1]] as const, fraction: 0.5 }
    const exact = crossoverRatio('jepa', pair)
    assert.ok(crossoverRatio('mae', pair) < 1)
    assert.ok(Math.abs(y! / exact - 1) < 0.01, `ρ ${x}: ${interval} around ${exact}`)
  }
  assert.ok(boundary.runs <= boundary.gridRuns / 10, `${boundary.runs} runs against ${boundary.gridRuns}`)
})

it('the init scale at which learning stops to be greedy is where theory has it', async () => {
  const spec: SweepSpec = {
    base: {
      ...base,
      objective: 'mae',
      data: { kind: 'gaussian', lambda: [2, 1, 0.5, 0.25], rho: [1, 1, 1, 1] },
      training: { mode: 'flow', time: 3e3 },
    },
    axes: { 'model.depth': [1, 2, 3], 'init.scale': { log: [1e-4, 0.45] } },
    search: 'boundary',
    question: 'greedy',
    tolerance: 0.01,
  }
  const boundary = boundaryOf(spec, await search(spec))
  for (const { x, y, interval, below, above, predicted } of boundary.lines) {
    assert.ok(Math.abs(y! / predicted! - 1) < 0.01, `depth ${x}: ${interval} around ${predicted}`)
    assert.deepEqual([below, above], [true, false])
  }
  assert.ok(boundary.runs <= boundary.gridRuns / 10, `${boundary.runs} runs against ${boundary.gridRuns}`)
})

it('how far a decoder may be ahead before its feature collapses is found where no theory is drawn beside it', async () => {
  const first = 0.1
  const spec: SweepSpec = {
    base: {
      ...base,
      data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
      model: { kind: 'deep-linear', depth: 1 },
      init: { kind: 'explicit', layers: [[[first]]], decoder: [[first]] },
      training: { mode: 'flow', time: 1e3 },
    },
    axes: { 'data.rho.0': [0.3, 0.6, 0.9], 'init.decoder.0.0': { linear: [0.1, 1] } },
    search: 'boundary',
    question: 'collapses:0',
    tolerance: 0.005,
  }
  const boundary = boundaryOf(spec, await search(spec))
  for (const { x, interval, below, above, predicted } of boundary.lines) {
    // docs/theory.md §7: w ends at √(ρ² − v² + w²) of the start, and half of w̄* = ρ is where v² = ¾ρ² + w².
    const exact = Math.sqrt(0.75 * (x as number) ** 2 + first ** 2)
    assert.ok(interval![0] <= exact && exact <= interval![1], `ρ ${x}: ${interval} around ${exact}`)
    assert.deepEqual([below, above, predicted], [false, true, null])
  }
  assert.ok(boundary.runs <= boundary.gridRuns / 10, `${boundary.runs} runs against ${boundary.gridRuns}`)
})
