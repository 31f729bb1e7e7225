import { pino } from 'pino'
import type { RunFiles } from '../src/artifacts/run-folder.ts'
import { ExperimentError } from '../src/experiment/failure.ts'
import { isNet } from '../src/experiment/resolve.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'
import { type Checkpoints, openCheckpoints, type RunKeeper } from './checkpoints.ts'
import type { Engine } from './engines/engine.ts'
import { type NewsDesk, openNewsDesk } from './news-desk.ts'
import { openPreparation } from './preparation.ts'
import { openResultWriter, type ResultWriter } from './result-writer.ts'
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
let lastLogged: unknown

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {}) // a Ctrl-C reaches the whole process group; the supervisor decides
process.on('message', (order: Order) => {
  if (order.type === 'train') void train(order)
  else for (const run of order.runs) aborts.get(run)?.abort()
})
setInterval(() => tell({ type: 'alive' }), ALIVE_MS)

type Training = Extract<Order, { type: 'train' }>

async function train({ cohort, runs, artifacts, checkpointMs }: Training): Promise<void> {
  const desk = openNewsDesk((news) => tell({ type: 'news', news }))
  const writer = openResultWriter(artifacts, cohort)
  for (const run of runs) aborts.set(run.id, new AbortController())
  const checkpoints = openCheckpoints(artifacts, checkpointMs, log)
  const leave = () => void checkpoints.leave().then(() => process.exit(0))
  for (const group of await prepareAll(runs, { artifacts, checkpoints, desk })) {
    const isKept = group.some(({ member }) => member.keeper)
    if (isKept) process.on('SIGTERM', leave) // everything else ends at once
    await trainTogether(group, writer, desk)
    process.off('SIGTERM', leave)
  }
  aborts.clear()
  desk.close()
  tell({ type: 'over' })
  if (checkpoints.isLeaving) process.disconnect() // there was nothing left to keep
}

/** A run whose data are open and whose engine is chosen. */
interface Ready {
  readonly run: CohortRun
  readonly engine: Engine
  readonly member: Member & { readonly keeper: RunKeeper | undefined }
}

interface Places {
  readonly artifacts: string
  readonly checkpoints: Checkpoints
  readonly desk: NewsDesk
}

/** The runs made ready, by engine and device. */
async function prepareAll(
  runs: readonly CohortRun[],
  { artifacts, checkpoints, desk }: Places,
): Promise<Iterable<Ready[]>> {
  const prepare = openPreparation(artifacts, ({ id }, { message }) =>
    log.warn({ jobId: id, why: message }, 'engine missing, run goes to another'),
  )
  const groups = new Map<string, Ready[]>()
  for (const run of runs) {
    await settle(run, desk, async () => {
      const { signal } = aborts.get(run.id) as AbortController
      signal.throwIfAborted()
      const { problem, engine } = await prepare(run)
      const report = reporter(run.id, engine, desk)
      const keeper = isNet(run.spec) ? await checkpoints.open(run, engine) : undefined
      const member = { spec: run.spec, problem, signal, report, keeper }
      const name = `${engine.name} ${engine.device}`
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [{ run, engine, member }])
      else group.push({ run, engine, member })
    })
  }
  return groups.values()
}

function reporter(id: string, engine: Engine, desk: NewsDesk): Member['report'] {
  let isTold = false
  return (progress) => {
    if (!isTold) desk.started(id, engine.name, engine.device)
    isTold = true
    desk.progress(id, progress)
  }
}

/** Trains runs on their engine and writes each as it ends; what is written is let go of. */
async function trainTogether(group: readonly Ready[], writer: ResultWriter, desk: NewsDesk): Promise<void> {
  const [{ engine }] = group as [Ready]
  let inTraining = group.length
  const leave = () => {
    inTraining -= 1
    if (inTraining === 0) setImmediate(writer.flush) // the last one asks to be written first
  }
  const members = group.map(({ member }) => member)
  const written = trainCohort(engine, members).map(async (training, r) => {
    const { run, member } = group[r] as Ready
    const trained = training.finally(leave).finally(() => member.keeper?.close())
    await settle(run, desk, async () => {
      const fingerprint = await writer.write(run, filesOf(run, engine, await trained))
      desk.ended(run.id, { ended: 'finished', fingerprint })
    })
  })
  await Promise.all(written)
}

function filesOf({ id, attempt, spec }: CohortRun, engine: Engine, trained: TrainedRun): RunFiles {
  const { measurements, weights, ...outcome } = trained
  const { device, name, versions } = engine
  const manifest = { id, attempt, ...outcome, device, engine: name, versions }
  return { spec, measurements, weights, manifest }
}

/** Does a part of a run's way; where that throws, the run has ended. */
async function settle({ id }: CohortRun, desk: NewsDesk, part: () => Promise<void>): Promise<void> {
  try {
    await part()
  } catch (error) {
    desk.ended(id, endOf(id, error))
  }
}

function endOf(id: string, error: unknown): RunEnd {
  if (aborts.get(id)?.signal.aborted) return { ended: 'cancelled' }
  if (error !== lastLogged) log.error({ jobId: id, err: error }, 'run failed') // one error may end a whole pack
  lastLogged = error
  const known = error instanceof ExperimentError ? error : new ExperimentError('INTERNAL', {})
  return { ended: 'failed', code: known.code, message: known.message }
}

function tell(notice: Notice): void {
  process.send?.(notice)
}
