import { type Job, Queue, QueueEvents } from 'bullmq'
import { ExperimentError } from '../experiment/failure.ts'
import type { CohortDigest, CohortJob, CohortProgress } from './cohort-job.ts'
import { openControl } from './control.ts'
import { connectImpatiently, patientOptions, QUEUE_NAME, type QueueName, type RedisAddress } from './redis.ts'

/** What the queue tells of its cohorts. A worker that lost its lease makes a cohort `lost`: it will be started again. */
export interface QueueListener {
  started(cohort: string): void
  progress(cohort: string, progress: CohortProgress): void
  lost(cohort: string): void
  ended(cohort: string, digest: CohortDigest): void
  failed(cohort: string, why: string): void
  /** Redis is there: at the start, and again after an outage. */
  connected(): void
}

/** Where a cohort is in the queue. `held` is with a worker, or was and waits to be taken again. */
export type Place = 'absent' | 'waiting' | 'held' | 'ended'

/** How a cohort in the queue ended, or how far it is. */
export type Standing =
  | { readonly place: 'ended'; readonly digest: CohortDigest }
  | { readonly place: 'failed'; readonly why: string }
  | { readonly place: 'held'; readonly progress: CohortProgress | null }
  | { readonly place: 'absent' | 'waiting' }

/** The dispatch's side of the queue. Every method throws QUEUE_UNREACHABLE at once while Redis is away. */
export interface CohortQueue {
  /** Queues a cohort; one that is there already is left as it is. */
  add(job: CohortJob): Promise<void>
  /** Where each of many cohorts is, in few round trips. */
  places(cohorts: readonly string[]): Promise<Place[]>
  look(cohort: string): Promise<Standing>
  /** Takes out a cohort that no worker holds. @returns whether it is out of the queue now */
  remove(cohort: string): Promise<boolean>
  cancel(cohort: string, runs: readonly string[]): Promise<void>
  /** Drops a cohort whose end is in the ledger, and what was kept for it. */
  forget(cohort: string): Promise<void>
  /** Supervisors connected now. */
  workers(): Promise<number>
  /** Tells a listener what happens from now on. @returns the way to stop */
  listen(listener: QueueListener): () => Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

export interface QueueOptions {
  readonly redis: RedisAddress
  readonly queue?: QueueName
  /** Hears of errors of the connection, which it survives. */
  readonly onError: (error: Error) => void
}

type CohortBullJob = Job<CohortJob, CohortDigest>

/** Ended cohorts stay this long for a dispatch that was away; it removes those whose end it has kept. */
const KEPT = { age: 7 * 86_400, count: 100_000 }
const CHUNK = 1000
/** A cohort of 512 puts some 250 KB into the stream of events; a dispatch that missed some looks the cohort up. */
const EVENTS = 2000
/** BullMQ takes jobs without a priority first: a job of one run goes before the cohorts of sweeps. */
const BEHIND = 1

export function openQueue({ redis, queue: name = QUEUE_NAME, onError }: QueueOptions): CohortQueue {
  const client = connectImpatiently(redis)
  client.on('error', onError)
  const queue = new Queue<CohortJob, CohortDigest>(name.name, {
    connection: client,
    prefix: name.prefix,
    // Both make it refuse at once, and survive, when Redis is away as it starts.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: KEPT, removeOnFail: KEPT },
    streams: { events: { maxLen: EVENTS } },
  })
  queue.on('error', onError)
  const control = openControl(client, name)
  const key = (cohort: string) => `${name.prefix}:${name.name}:${cohort}`
  const events: QueueEvents[] = []
  let closing: Promise<void> | undefined
  const close = async () => {
    await Promise.all(events.map((each) => each.close()))
    await queue.close()
    client.disconnect()
  }
  const find = (cohort: string) => queue.getJob(cohort) as Promise<CohortBullJob | undefined>
  const reach = reaching(() => client.status)
  return {
    add: (job) =>
      reach(async () => {
        const priority = job.runs.length > 1 ? { priority: BEHIND } : {}
        await queue.add('cohort', job, { jobId: job.cohort, ...priority })
      }),
    places: (cohorts) =>
      reach(async () => {
        const places: Place[] = []
        for (let i = 0; i < cohorts.length; i += CHUNK) {
          const pipeline = client.pipeline()
          for (const cohort of cohorts.slice(i, i + CHUNK)) {
            pipeline.hmget(key(cohort), 'timestamp', 'processedOn', 'finishedOn')
          }
          for (const [error, fields] of (await pipeline.exec()) ?? []) {
            if (error) throw error
            places.push(placeOf(fields as (string | null)[]))
          }
        }
        return places
      }),
    look: (cohort) => reach(async () => standingOf(await find(cohort))),
    remove: (cohort) =>
      reach(async () => {
        const removed = (await queue.remove(cohort)) === 1
        if (removed) await control.forget(cohort)
        return removed
      }),
    cancel: (cohort, runs) => reach(() => control.cancel(cohort, ...runs)),
    forget: (cohort) =>
      reach(async () => {
        await queue.remove(cohort)
        await control.forget(cohort)
      }),
    workers: () => reach(() => queue.getWorkersCount()),
    listen: (listener) => {
      const connected = () => listener.connected()
      client.on('ready', connected)
      if (client.status === 'ready') connected()
      const following = follow(redis, name, listener, onError)
      events.push(following)
      return async () => {
        client.off('ready', connected)
        await following.close()
      }
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Runs a command, or refuses it at once where Redis is away; what the connection throws becomes QUEUE_UNREACHABLE. */
function reaching(status: () => string) {
  return async <T>(command: () => Promise<T>): Promise<T> => {
    if (status() !== 'ready')
      throw new ExperimentError('QUEUE_UNREACHABLE', { why: `the connection is ${status()}` })
    try {
      return await command()
    } catch (cause) {
      throw new ExperimentError('QUEUE_UNREACHABLE', { why: (cause as Error).message }, { cause })
    }
  }
}

function placeOf([added, taken, ended]: (string | null | undefined)[]): Place {
  if (ended) return 'ended'
  if (taken) return 'held'
  return added ? 'waiting' : 'absent'
}

function standingOf(job: CohortBullJob | undefined): Standing {
  if (job === undefined) return { place: 'absent' }
  if (job.finishedOn !== undefined && job.failedReason) return { place: 'failed', why: job.failedReason }
  if (job.finishedOn !== undefined) return { place: 'ended', digest: job.returnvalue }
  if (job.processedOn === undefined) return { place: 'waiting' }
  const { progress } = job
  const known = typeof progress === 'object' && 'runs' in progress
  return { place: 'held', progress: known ? (progress as unknown as CohortProgress) : null }
}

/** Reads the queue's event stream. A short block, because a read that a lost connection swallowed ends with it. */
function follow(
  redis: RedisAddress,
  { name, prefix }: QueueName,
  listener: QueueListener,
  onError: (error: Error) => void,
): QueueEvents {
  const events = new QueueEvents(name, { connection: patientOptions(redis), prefix, blockingTimeout: 2000 })
  events.on('error', onError)
  events.on('active', ({ jobId }) => listener.started(jobId))
  events.on('progress', ({ jobId, data }) => listener.progress(jobId, data as unknown as CohortProgress))
  events.on('stalled', ({ jobId }) => listener.lost(jobId))
  events.on('completed', ({ jobId, returnvalue }) =>
    listener.ended(jobId, returnvalue as unknown as CohortDigest),
  )
  events.on('failed', ({ jobId, failedReason }) => listener.failed(jobId, failedReason))
  return events
}
