import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { openDispatch } from '../dispatch/open-dispatch.ts'
import { findGpus } from '../experiment/hardware.ts'
import { openLedger } from '../ledger/ledger.ts'
import { openRedis } from '../queue/embedded-redis.ts'
import { lockHome } from '../queue/home-lock.ts'
import { openQueue } from '../queue/queue.ts'
import type { Settings } from '../settings.ts'
import { buildApp } from './app.ts'
import { Compute } from './compute.ts'
import type { Limits } from './limits.ts'
import { softwareVersion } from './software-version.ts'
import { sweepWorkIn } from './sweep-work.ts'

/** Between two moves of the ledger's log of changes into its file. */
const CHECKPOINT_MS = 1000

/** The API with all that it stands on, not yet listening. */
export interface Service {
  readonly app: FastifyInstance
  readonly compute: Compute
  /** REDIS_URL for the workers: a URL, or the path of a unix socket. */
  readonly redis: string
  /** Ends the requests under way, then what they stand on. May be called twice. */
  close(): Promise<void>
}

export interface ServiceParts {
  readonly settings: Settings
  readonly log: Logger
  /** Time of day in milliseconds since 1970 UTC. */
  readonly clock: () => number
  readonly limits?: Partial<Limits>
}

/**
 * Opens Redis, ledger, queue and dispatch of one JEPALAB_HOME and builds the app on them.
 *
 * @throws HOME_IN_USE, REDIS_UNSTARTED; what was opened by then is closed
 */
export async function openService(parts: ServiceParts): Promise<Service> {
  const closers: (() => Promise<void> | void)[] = []
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll(closers)
    return closing
  }
  try {
    return { ...(await open(parts, (closer) => closers.push(closer))), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  { settings, log, clock, limits }: ServiceParts,
  atEnd: (closer: () => Promise<void> | void) => void,
): Promise<Omit<Service, 'close'>> {
  const { home, artifacts, maxSteps, maxMemory, maxRuns } = settings
  mkdirSync(home, { recursive: true, mode: 0o700 })
  mkdirSync(artifacts, { recursive: true })
  const lock = await lockHome(home)
  atEnd(() => lock.release())
  const redis = await openRedis({ url: settings.redisUrl, folder: join(home, 'redis'), log })
  atEnd(() => redis.close())
  const ledgerPath = join(home, 'ledger.sqlite')
  const ledger = openLedger(ledgerPath)
  atEnd(() => ledger.close())
  const onError = (error: Error) => log.warn({ err: error }, 'redis connection')
  const queue = openQueue({ redis: redis.address, onError })
  atEnd(() => queue.close())
  const compute = new Compute()
  atEnd(() => compute.close())
  const bulk = new Compute({ background: true })
  atEnd(() => bulk.close())
  let moved: Promise<void> = Promise.resolve()
  const move = () => {
    moved = bulk
      .run('checkpoint', ledgerPath)
      .catch((error) => log.warn({ err: error }, 'log of the ledger not moved'))
  }
  const moving = setInterval(move, CHECKPOINT_MS)
  // A thread that is ended inside the ledger's library takes the process with it.
  atEnd(async () => {
    clearInterval(moving)
    await moved
  })
  const gpus = settings.redisUrl === null ? findGpus().names.length : null
  const bounds = { maxSteps, maxMemory, gpus, artifacts }
  const dispatch = openDispatch({
    ledger,
    queue,
    artifactsRoot: artifacts,
    limits: { ...bounds, maxRuns },
    report: ({ cohort, runs }) => bulk.run('reports', { artifacts, cohort, runs }),
    sweepWork: sweepWorkIn(bulk, ledgerPath, bounds),
    spectrumOf: (data) => compute.run('spectrum', { data, artifacts }),
    clock,
    log,
  })
  atEnd(() => dispatch.close())
  const app = await buildApp({
    dispatch,
    compute,
    bulk,
    ledger: ledgerPath,
    artifacts,
    clock,
    log,
    version: softwareVersion(),
    ...(limits && { limits }),
  })
  atEnd(() => app.close())
  const { address } = redis
  return { app, compute, redis: 'path' in address ? address.path : address.url }
}

/** Closes what was opened, the last first, all of it even where one fails. @throws the first failure */
async function closeAll(closers: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = []
  for (const closer of closers.toReversed()) {
    try {
      await closer()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
