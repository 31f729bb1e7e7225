import { pino } from 'pino'
import { writeRun } from '../src/artifacts/run-folder.ts'
import { inspectData } from '../src/data/inspect.ts'
import { openProblem } from '../src/data/open-problem.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { Progress } from '../src/experiment/job-view.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import { chooseEngine } from './engines/choose.ts'
import type { Engine } from './engines/engine.ts'
import { type Member, type TrainedRun, trainCohort } from './run-cohort.ts'
import type { Notice, Order, RunEnd } from './trainer-messages.ts'

/**
 * The child of a supervisor: trains the runs that it is sent, writes their files and tells what became of
 * them. It holds no connection to Redis, so that a busy event loop here costs no lease. It ends with its parent:
 * by the kernel where setpriv started it, else when the channel closes.
 */
const log = pino({ name: 'trainer', level: process.env.LOG_LEVEL ?? 'info' })
const ALIVE_MS = 1000
const aborts = new Map<string, AbortController>()

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {}) // a Ctrl-C reaches the whole process group; the supervisor decides
process.on('message', (order: Order) => {
  if (order.type === 'cancel') aborts.get(order.run)?.abort()
  else void train(order)
})
setInterval(() => tell({ type: 'alive' }), ALIVE_MS)

async function train({ runs, artifacts }: Extract<Order, { type: 'train' }>): Promise<void> {
  for (const run of runs) aborts.set(run.id, new AbortController())
  const cohorts = new Map<string, Ready[]>() // by engine and device
  for (const run of runs) {
    const ready = await settle(run, () => prepare(run))
    if (ready === null) continue
    const name = `${ready.engine.name} ${ready.engine.device}`
    cohorts.set(name, [...(cohorts.get(name) ?? []), ready])
  }
  for (const cohort of cohorts.values()) await trainTogether(cohort, artifacts)
  aborts.clear()
  tell({ type: 'over' })
}

/** A run whose data are open and whose engine is chosen. */
interface Ready {
  readonly run: CohortRun
  readonly engine: Engine
  readonly member: Member
}

async function prepare(run: CohortRun): Promise<Ready> {
  const { id, spec } = run
  const { signal } = aborts.get(id) as AbortController
  signal.throwIfAborted()
  await checkData(run)
  const problem = await openProblem(spec.data)
  const engine = await chooseEngine(spec, {
    onMissing: ({ message }) => log.warn({ jobId: id, why: message }, 'engine missing, run goes to another'),
  })
  let isTold = false
  const report = (progress: Progress) => {
    if (!isTold) tell({ type: 'running', run: id, engine: engine.name, device: engine.device })
    isTold = true
    tell({ type: 'progress', run: id, progress })
  }
  return { run, engine, member: { spec, problem, report, signal } }
}

/** Trains runs on their engine and writes each as it ends. */
async function trainTogether(cohort: readonly Ready[], artifacts: string): Promise<void> {
  const [{ engine }] = cohort as [Ready]
  const trained = trainCohort(
    engine,
    cohort.map(({ member }) => member),
  )
  const written = cohort.map(({ run }, r) =>
    settle(run, async () => {
      const fingerprint = await write(run, (await trained[r]) as TrainedRun, engine, artifacts)
      tell({ type: 'ended', run: run.id, end: { ended: 'finished', fingerprint } })
    }),
  )
  await Promise.all(written)
}

/** Does a part of a run's way; where that throws, the run has ended and the result is null. */
async function settle<T>({ id }: CohortRun, part: () => Promise<T>): Promise<T | null> {
  try {
    return await part()
  } catch (error) {
    tell({ type: 'ended', run: id, end: endOf(id, error) })
    return null
  }
}

function endOf(id: string, error: unknown): RunEnd {
  if (aborts.get(id)?.signal.aborted) return { ended: 'cancelled' }
  log.error({ jobId: id, err: error }, 'run failed')
  const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
  return { ended: 'failed', code: known.code, message: known.message }
}

async function write(
  run: CohortRun,
  trained: TrainedRun,
  engine: Engine,
  artifacts: string,
): Promise<string> {
  const { id, attempt, spec } = run
  const { measurements, weights, ...outcome } = trained
  const manifest = await writeRun(
    artifacts,
    { id, attempt },
    {
      spec,
      measurements,
      weights,
      manifest: {
        id,
        attempt,
        ...outcome,
        device: engine.device,
        engine: engine.name,
        versions: engine.versions,
      },
    },
  ).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === undefined || cause instanceof ExperimentError) throw cause
    throw new ExperimentError('ARTIFACTS_UNWRITABLE', { folder: artifacts, why: cause.message }, { cause })
  })
  return manifest.fingerprint
}

/** The run's id stands for the data file as it was posted; another file under its name is another experiment. */
async function checkData({ spec, dataDigest }: CohortRun): Promise<void> {
  if (spec.data.kind !== 'images') return
  const { digest, faults } = await inspectData(spec.data)
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  if (digest === dataDigest) return
  const why = 'this worker sees another file than the one that the job was posted with'
  throw new ExperimentError('DATASET_UNREADABLE', { dataset: spec.data.dataset, why })
}

function tell(notice: Notice): void {
  process.send?.(notice)
}
