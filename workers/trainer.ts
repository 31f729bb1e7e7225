import { pino } from 'pino'
import { writeRun } from '../src/artifacts/run-folder.ts'
import { inspectData } from '../src/data/inspect.ts'
import { openProblem } from '../src/data/open-problem.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import { chooseEngine } from './engines/choose.ts'
import { trainRun } from './run-cohort.ts'
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
  for (const run of runs) {
    const signal = (aborts.get(run.id) as AbortController).signal
    tell({ type: 'ended', run: run.id, end: await endOf(run, artifacts, signal) })
  }
  aborts.clear()
  tell({ type: 'over' })
}

async function endOf(run: CohortRun, artifacts: string, signal: AbortSignal): Promise<RunEnd> {
  try {
    return { ended: 'finished', fingerprint: await trainAndWrite(run, artifacts, signal) }
  } catch (error) {
    if (signal.aborted) return { ended: 'cancelled' }
    log.error({ jobId: run.id, err: error }, 'run failed')
    const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
    return { ended: 'failed', code: known.code, message: known.message }
  }
}

async function trainAndWrite(run: CohortRun, artifacts: string, signal: AbortSignal): Promise<string> {
  const { id, attempt, spec } = run
  signal.throwIfAborted()
  await checkData(run)
  const problem = await openProblem(spec.data)
  const engine = await chooseEngine(spec)
  tell({ type: 'running', run: id, engine: engine.name, device: engine.device })
  const report = (progress: Extract<Notice, { type: 'progress' }>['progress']) =>
    tell({ type: 'progress', run: id, progress })
  const trained = await trainRun(spec, problem, { engine, report, signal })
  const manifest = await writeRun(
    artifacts,
    { id, attempt },
    {
      spec,
      measurements: trained.measurements,
      weights: trained.weights,
      manifest: {
        id,
        attempt,
        outcome: trained.outcome,
        message: trained.message,
        steps: trained.steps,
        time: trained.time,
        wallSeconds: trained.wallSeconds,
        precision: trained.precision,
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
