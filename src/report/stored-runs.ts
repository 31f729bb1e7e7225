import { openCohort, type RunPlace, type RunSeries, readSeries } from '../artifacts/place.ts'
import type { RunKey } from '../artifacts/run-folder.ts'
import { openProblem } from '../data/open-problem.ts'
import type { Problem } from '../data/problem.ts'
import type { DataSpec } from '../experiment/data-spec.ts'
import { ExperimentError, type Facts, type FailureCode } from '../experiment/failure.ts'
import type { Manifest } from '../experiment/measurement.ts'
import { isLinear } from '../experiment/resolve.ts'
import type { TrajectoryView } from '../experiment/result-view.ts'
import { WITH_RESULT } from '../experiment/states.ts'
import type { FinishedRun } from './finished-run.ts'
import { buildReport } from './report.ts'

/** A run to be reported on; the fingerprint is that which its worker told, or null where none did. */
export interface AwaitedRun extends RunKey {
  readonly fingerprint: string | null
}

/** A run beside theory: its manifest and the JSON text of its ResultView; or why there is none. */
export type RunReport =
  | (RunKey & { readonly manifest: Omit<Manifest, 'files'>; readonly result: string })
  | (RunKey & Failure)

interface Failure {
  readonly code: FailureCode
  readonly facts: Facts<FailureCode>
  /** Where the error is none of ours: what the log should have. */
  readonly crash?: string
}

/** Joins runs of a cohort with theory, from the files that their workers wrote. A run that is damaged answers alone. */
export async function reportRuns(
  root: string,
  cohort: string,
  awaited: readonly AwaitedRun[],
): Promise<RunReport[]> {
  const problemOf = rememberProblems(root)
  const runs = await openCohort(root, cohort)
  const reports: RunReport[] = []
  try {
    for (const run of awaited) {
      const { id, attempt } = run
      try {
        const series = checked(await runs.read(run), run)
        const problem = asksForData(series) ? await problemOf(series.spec.data) : null
        const { result } = buildReport(finishedRun(id, series, problem))
        const { files: _, ...manifest } = series.manifest
        reports.push({ id, attempt, manifest, result: JSON.stringify(result) })
      } catch (error) {
        reports.push({ id, attempt, ...failureOf(error) })
      }
    }
  } finally {
    await runs.close()
  }
  return reports
}

/** Measurement beside theory over time, at the points that were measured. @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED */
export async function trajectoryOf(root: string, place: RunPlace): Promise<TrajectoryView> {
  const series = await readSeries(root, place)
  const problem = asksForData(series) ? await openProblem(series.spec.data, root) : null
  return buildReport(finishedRun(place.id, series, problem)).trajectory
}

/** Images take half a second to open, and a report of a net says nothing of them but along the directions of `alignment`. */
function asksForData({ spec, measurements }: RunSeries): boolean {
  if (isLinear(spec) || spec.data.kind !== 'images') return true
  return (measurements.probes?.alignment?.values.length ?? 0) > 0
}

/** Moments and spectrum are asked for when they are needed: of nonlinear data and large images they take long, and nets go without. */
function finishedRun(id: string, series: RunSeries, problem: Problem | null): FinishedRun {
  const { spec, manifest, measurements } = series
  const opened = () => {
    if (problem === null) throw new TypeError(`The report of ${id} asks for data that were not opened.`)
    return problem
  }
  const latents = problem?.latents
  return {
    id,
    spec,
    manifest,
    measurements,
    get spectrum() {
      return opened().spectrum
    },
    get moments() {
      return opened().moments
    },
    ...(latents !== undefined && { latents }),
  }
}

/** @throws ARTIFACT_DAMAGED where the run is not there, not the one that was told of, or has no result */
function checked(series: RunSeries | null, { fingerprint }: AwaitedRun): RunSeries {
  const damaged = (why: string) => new ExperimentError('ARTIFACT_DAMAGED', { name: 'manifest.json', why })
  if (series === null) {
    throw damaged('it is missing; the API and its workers must share one JEPALAB_ARTIFACTS')
  }
  const { manifest } = series
  if (fingerprint !== null && manifest.fingerprint !== fingerprint) {
    throw damaged(`its fingerprint is not ${fingerprint}, which the worker told`)
  }
  if (!WITH_RESULT.has(manifest.outcome)) {
    throw damaged(`it tells of the outcome ${manifest.outcome}, which has no result`)
  }
  return series
}

function failureOf(error: unknown): Failure {
  if (error instanceof ExperimentError) return { code: error.code, facts: error.facts as Facts<FailureCode> }
  const crash = (error as Error).stack ?? String(error)
  return { code: 'INTERNAL', facts: {}, crash }
}

/** Opens a data set once for runs that share it, as those of a cohort often do, in bounded memory. */
function rememberProblems(root: string): (data: DataSpec) => Promise<Problem> {
  const known = new Map<string, Promise<Problem>>()
  let numbers = 0 // that the known ones may hold: four matrices each
  return (data) => {
    const key = JSON.stringify(data)
    const found = known.get(key)
    if (found !== undefined) return found
    const problem = openProblem(data, root).then((opened) => {
      numbers += 4 * opened.features ** 2
      if (numbers > MOST_NUMBERS) {
        known.clear()
        numbers = 0
      }
      return opened
    })
    known.set(key, problem)
    return problem
  }
}

const MOST_NUMBERS = 2 ** 23
