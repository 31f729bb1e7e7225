import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Compute } from '../../src/api/compute.ts'
import type { ComputeTable } from '../../src/api/compute-table.ts'
import { sweepCompute } from '../../src/api/sweep-compute.ts'
import { sweepWorkIn } from '../../src/api/sweep-work.ts'
import { fingerprintOf } from '../../src/artifacts/fingerprint.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import type { Dispatch } from '../../src/dispatch/dispatch.ts'
import { openDispatch } from '../../src/dispatch/open-dispatch.ts'
import type { DataSpec } from '../../src/experiment/data-spec.ts'
import type { JobView } from '../../src/experiment/job-view.ts'
import { resolveSpec } from '../../src/experiment/resolve.ts'
import type { SpectrumView } from '../../src/experiment/result-view.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { ENDED, type JobState } from '../../src/experiment/states.ts'
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts'
import { type OpenRedis, openRedis } from '../../src/queue/embedded-redis.ts'
import { type CohortQueue, openQueue } from '../../src/queue/queue.ts'
import { reportRuns } from '../../src/report/stored-runs.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { trainRun } from '../../workers/run-cohort.ts'

/** A dispatch on a Redis, a ledger and an artifact folder of its own, with supervisors as real processes. */
export interface Stand {
  readonly dispatch: Dispatch
  readonly ledger: Ledger
  readonly queue: CohortQueue
  readonly redis: OpenRedis
  readonly artifacts: string
  /** Closes the dispatch and opens another in its place. */
  reopen(): Promise<void>
  supervisor(): ChildProcess
  /** Waits until the job is in one of the states, or has ended. */
  reach(id: string, ...states: JobState[]): Promise<JobView>
  ended(id: string): Promise<JobView>
  close(): Promise<void>
}

export interface StandOptions {
  readonly reconcileMs?: number
  readonly maxSteps?: number
  readonly maxMemory?: number
}

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error: (fields: object, line: string) => console.error(line, fields),
}

export async function openStand(options: StandOptions = {}): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), 'jepalab-stand-'))
  const artifacts = join(folder, 'artifacts')
  const redis = await openRedis({ url: null, folder: join(folder, 'redis'), log: quiet })
  const ledger = openLedger(join(folder, 'ledger.sqlite'))
  const queue = openQueue({ redis: redis.address, onError: () => {} })
  await connected(queue)
  const open = () => dispatchOn({ ledger, queue, artifacts }, options)
  let dispatch = open()
  const children: ChildProcess[] = []
  const reach = (id: string, ...states: JobState[]) => reachOn(dispatch, id, states)
  return {
    get dispatch() {
      return dispatch
    },
    reopen: async () => {
      await dispatch.close()
      dispatch = open()
    },
    ledger,
    queue,
    redis,
    artifacts,
    supervisor: () => {
      const home = join(folder, `home-${children.length}`)
      const child = startSupervisor(redis, artifacts, home)
      children.push(child)
      return child
    },
    reach,
    ended: (id) => reach(id),
    close: async () => {
      for (const child of children) await end(child)
      await dispatch.close()
      await queue.close()
      ledger.close()
      await redis.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until the queue reaches Redis. */
export async function connected(queue: CohortQueue): Promise<void> {
  while ((await queue.places([]).catch(() => null)) === null)
    await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A dispatch with the real report, joined on this thread. */
export function dispatchOn(
  { ledger, queue, artifacts }: { ledger: Ledger; queue: CohortQueue; artifacts: string },
  { reconcileMs = 2000, maxSteps = 1e8, maxMemory = 4e9 }: StandOptions = {},
): Dispatch {
  const limits = { maxSteps, maxMemory, gpus: 0, maxRuns: 1e6 }
  const spectrumOf = async (data: DataSpec) => {
    const { directions: _, ...spectrum } = (await openProblem(data)).spectrum
    return structuredClone(spectrum) as SpectrumView
  }
  return openDispatch({
    ledger,
    queue,
    artifactsRoot: artifacts,
    limits,
    spectrumOf,
    report: ({ cohort, runs }) => reportRuns(artifacts, cohort, runs),
    sweepWork: sweepWorkIn(here(sweepCompute(spectrumOf)), ledger.path, limits),
    clock: () => Date.now(),
    log: quiet,
    reconcileMs,
  })
}

/** The functions of a compute thread, run on this one. */
function here(table: ReturnType<typeof sweepCompute>): Pick<Compute, 'run'> {
  return { run: async (name, input) => (table as unknown as ComputeTable)[name](input as never) as never }
}

function startSupervisor(redis: OpenRedis, artifacts: string, home: string): ChildProcess {
  const path = `../../workers/supervisor${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
  const args = process.execArgv.filter((arg) => !arg.startsWith('--test'))
  const { address } = redis
  return spawn(process.execPath, [...args, fileURLToPath(new URL(path, import.meta.url))], {
    env: {
      ...process.env,
      REDIS_URL: 'path' in address ? address.path : address.url,
      JEPALAB_HOME: home,
      JEPALAB_ARTIFACTS: artifacts,
      JEPALAB_TENSORFLOW: 'off',
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
    },
    stdio: 'inherit',
  })
}

/** Ends a supervisor in order. */
export async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  return child.exitCode
}

/** Longer than any recovery, shorter than a test's patience. */
const PATIENCE_MS = 60_000

async function reachOn(dispatch: Dispatch, id: string, states: readonly JobState[]): Promise<JobView> {
  return new Promise((resolve, reject) => {
    const there = (state: JobState) => states.includes(state) || ENDED.has(state)
    const settle = () => {
      clearTimeout(timer)
      stop()
      resolve(dispatch.find(id))
    }
    const stop = dispatch.subscribe(id, (event) => {
      if (there(event.data.state)) settle()
    })
    const timer = setTimeout(() => {
      stop()
      const events = dispatch.events(id).map((event) => `${event.at} ${event.data.state}`)
      reject(
        new Error(`${id} is ${dispatch.find(id).state}, not ${states.join(' or ') || 'ended'}: ${events}`),
      )
    }, PATIENCE_MS)
    if (there(dispatch.find(id).state)) settle()
  })
}

/** Waits for progress of a run in training, so that what is done to it now meets it in the middle. */
export async function midRun(stand: Stand, id: string): Promise<void> {
  await stand.reach(id, 'running')
  while (stand.dispatch.find(id).progress.fraction === 0) {
    await new Promise<void>((resolve) => {
      const stop = stand.dispatch.subscribe(id, () => {
        stop()
        resolve()
      })
    })
  }
}

/** The processes started by another, by /proc. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return (
          Number(
            readFileSync(`/proc/${each}/stat`, 'utf8')
              .replace(/^.*\) /, '')
              .split(' ')[1],
          ) === pid
        )
      } catch {
        return false // it has just ended
      }
    })
}

/** An experiment that trains for about this many seconds on a quiet core; `seed` makes it another run. */
export function experiment(seconds: number, seed = 0): ExperimentSpec {
  return {
    objective: 'jepa',
    data: { kind: 'gaussian', lambda: [1, 0.9, 0.8, 0.7], rho: [0.5, 0.6, 0.7, 0.8] },
    model: { kind: 'deep-linear', depth: 3 },
    init: { kind: 'balanced', scale: 1e-2 },
    training: { mode: 'gradient-descent', learningRate: 1e-3, steps: Math.round(seconds * 8e5) },
    engine: 'reference',
    seed,
  }
}

/** The fingerprint of the run when nothing disturbs it: trained here, with no queue and no worker. */
export async function undisturbed(asked: ExperimentSpec): Promise<string> {
  const problem = await openProblem(asked.data)
  const spec = resolveSpec(asked, problem.features)
  const { signal } = new AbortController()
  const trained = await trainRun(spec, problem, { engine: referenceEngine, report() {}, signal })
  return fingerprintOf(trained.measurements, trained.weights)
}
