import { openProblem } from '../../../src/data/open-problem.ts'
import { pointsOf, specAt } from '../../../src/experiment/axes.ts'
import { resolveSpec } from '../../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../../src/experiment/spec.ts'
import type { SweepSpec } from '../../../src/experiment/sweep.ts'
import { sweepRunOf } from '../../../src/experiment/sweep-run.ts'
import type { Point, SweepRun } from '../../../src/experiment/sweep-view.ts'
import { buildReport } from '../../../src/report/report.ts'
import { nextPoints } from '../../../src/report/sweeps/boundary.ts'
import { chooseEngine } from '../../../workers/engines/choose.ts'
import type { Engine } from '../../../workers/engines/engine.ts'
import { type Member, trainCohort } from '../../../workers/run-cohort.ts'

/** Trains every run of a sweep in this process, on the engine that a worker would choose, and reports on it as the service does. */
export async function trainSweep(spec: SweepSpec): Promise<SweepRun[]> {
  const runs: SweepRun[] = []
  if (spec.search !== 'boundary') {
    const points = pointsOf(spec)
    return trainPoints(
      spec,
      Array.from({ length: points.count }, (_, k) => points.at(k)),
      runs,
    )
  }
  for (let more = nextPoints(spec, runs); more.length > 0; more = nextPoints(spec, runs)) {
    await trainPoints(spec, more, runs)
  }
  return runs
}

/** Adds the runs of some points to others. */
async function trainPoints(spec: SweepSpec, points: readonly Point[], runs: SweepRun[]): Promise<SweepRun[]> {
  const members = await Promise.all(points.map((point) => memberAt(spec, point)))
  const [first] = members
  if (first === undefined) return runs
  const engine = await chooseEngine(first.spec)
  const ends = trainCohort(engine, members)
  for (const [k, member] of members.entries()) {
    const id = `r${String(runs.length).padStart(26, 'a')}`
    runs.push(await reported(id, points[k]!, member, engine, ends[k]!))
  }
  return runs
}

async function memberAt({ base }: SweepSpec, point: Point): Promise<Member> {
  const asked = specAt(base, point) as ExperimentSpec
  const problem = await openProblem(asked.data)
  const { signal } = new AbortController()
  return { spec: resolveSpec(asked, problem.features), problem, signal, report() {} }
}

async function reported(
  id: string,
  point: Point,
  { spec, problem }: Member,
  engine: Engine,
  end: ReturnType<typeof trainCohort>[number],
): Promise<SweepRun> {
  const { outcome, measurements, ...rest } = await end
  const { name, device, versions } = engine
  const made = { engine: name, device, versions, outcome, fingerprint: id, files: [] } as const
  const manifest = { manifest: 1, id, attempt: 1, ...made, ...rest } as const
  const { latents } = problem
  const result = buildReport({
    ...{ id, spec, manifest, measurements, ...(latents !== undefined && { latents }) },
    get spectrum() {
      return problem.spectrum
    },
    get moments() {
      return problem.moments
    },
  }).result
  return sweepRunOf({ id, point, state: outcome }, result)
}
