import { readdirSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { readZipDirectory } from '../../src/artifacts/zip.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type {
  CohortDigest,
  CohortJob,
  CohortRun,
  RunDigest,
  RunProgress,
} from '../../src/queue/cohort-job.ts'
import { type CohortControl, openControl } from '../../src/queue/control.ts'
import { openRedis } from '../../src/queue/embedded-redis.ts'
import { connectPatiently } from '../../src/queue/redis.ts'
import { takeTurn } from '../../workers/cohort-turn.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { TrainerChild } from '../../workers/trainer-child.ts'
import { outcomes } from '../engines/lanes.ts'
import { shortSpec } from '../engines/runs.ts'

/** Turns with cohorts on a Redis, an artifact folder and a child of their own; no dispatch, no queue. */
export interface TurnStand {
  readonly artifacts: string
  readonly control: CohortControl
  readonly child: TrainerChild
  /** Takes a turn; the listener hears what the queue would. */
  turn(job: CohortJob, listener?: TurnListener, stop?: AbortSignal): Promise<CohortDigest>
  close(): Promise<void>
}

export interface TurnListener {
  report?(change: RunProgress): void
  ended?(run: RunDigest): void
}

export async function openTurnStand(): Promise<TurnStand> {
  const folder = await mkdtemp(join(tmpdir(), 'jepalab-turn-'))
  const log = pino({ level: 'silent' })
  const redis = await openRedis({ url: null, folder: join(folder, 'redis'), log: { info() {}, warn() {} } })
  const client = connectPatiently(redis.address)
  const control = openControl(client, { prefix: 'bull', name: 'turn-test' })
  const child = new TrainerChild(log)
  const artifacts = join(folder, 'artifacts')
  return {
    artifacts,
    control,
    child,
    turn: (job, listener = {}, stop = new AbortController().signal) => {
      const post = { report() {}, ended() {}, ...listener }
      return takeTurn(job, { child, control, artifacts, checkpointMs: 1000, stop, post, log })
    },
    close: async () => {
      await child.kill()
      client.disconnect()
      await redis.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A cohort of specs, whose runs are r0, r1, …. */
export async function cohortOf(cohort: string, specs: readonly ExperimentSpec[]): Promise<CohortJob> {
  const runs = specs.map(async (asked, r): Promise<CohortRun> => {
    const spec = resolveSpec(asked, (await openProblem(asked.data)).features)
    return { id: `r${r}`, attempt: 1, crashes: 0, spec, dataDigest: null }
  })
  return { cohort, runs: await Promise.all(runs) }
}

/** Short runs on lanes, each from a start of its own. */
export function shortRuns(count: number, steps = 300): ExperimentSpec[] {
  const training = { mode: 'gradient-descent', learningRate: 0.1, steps } as const
  const init = { kind: 'gaussian', scale: 0.1 } as const
  return Array.from({ length: count }, (_, seed) => shortSpec({ engine: 'lanes', seed, training, init }))
}

/** A run that never ends by itself. */
export const endless = shortSpec({
  engine: 'lanes',
  training: { mode: 'gradient-descent', learningRate: 1e-6, steps: 1e9 },
})

/** The fingerprints of specs, each trained alone in this process. */
export async function alone(specs: readonly ExperimentSpec[]): Promise<string[]> {
  const prints: string[] = []
  for (const spec of specs) {
    const [run] = await outcomes(openLanesEngine(), [spec])
    if (run !== undefined) prints.push(fingerprintOf(run.measurements, run.weights))
  }
  return prints
}

/** Fingerprints of the runs r0, r1, …, as far as they finished. */
export function printsOf({ runs }: CohortDigest, count: number): (string | undefined)[] {
  const prints = new Map(runs.flatMap((run) => (run.ended === 'finished' ? [[run.id, run.fingerprint]] : [])))
  return Array.from({ length: count }, (_, r) => prints.get(`r${r}`))
}

/** The packs of a cohort, as paths. */
export function packsOf(artifacts: string, cohort: string): string[] {
  const folder = join(artifacts, 'packs', cohort)
  return readdirSync(folder).map((name) => join(folder, name))
}

/** The names of all records in them. */
export async function namesInPacks(artifacts: string, cohort: string): Promise<string[]> {
  const names: string[] = []
  for (const path of packsOf(artifacts, cohort)) {
    const file = await open(path)
    names.push(...(await readZipDirectory(file)).map(({ name }) => name))
    await file.close()
  }
  return names
}
