import { hostname } from 'node:os'
import { type Job, WaitingError, Worker } from 'bullmq'
import type { Logger } from 'pino'
import type { CohortDigest, CohortJob } from '../src/queue/cohort-job.ts'
import { openControl } from '../src/queue/control.ts'
import { connectPatiently, patientOptions, type QueueName, type RedisAddress } from '../src/queue/redis.ts'
import { Leaving, named, takeTurn } from './cohort-turn.ts'
import { holdLease } from './lease.ts'
import { openProgressPost } from './progress-post.ts'
import { TrainerChild } from './trainer-child.ts'

export interface StationOptions {
  readonly redis: RedisAddress
  readonly queue: QueueName
  /** The artifact folder that all hosts share. */
  readonly artifacts: string
  /** The least time of training from one checkpoint of a net to the next. */
  readonly checkpointMs: number
  /** How long a job stays with a worker that Redis does not hear of. */
  readonly lockMs: number
  /** How often jobs of workers that are gone are looked for. */
  readonly stalledMs: number
  readonly log: Logger
}

/** A place that takes cohorts from the queue, one at a time, and has its child train them. */
export interface Station {
  /** Takes no more, hands back the cohort under way, and closes. May be called twice. */
  leave(): Promise<void>
}

type CohortBullJob = Job<CohortJob, CohortDigest>

/** A retry after an error of Redis comes soon; a block that a lost connection swallowed ends soon. */
const RETRY_MS = 1000
const BLOCK_SECONDS = 2

/**
 * Opens a station. Locks are renewed here and not by BullMQ, whose timer goes by the time of day; crashes are
 * counted here, for BullMQ fails a job on a stall count that never goes back (facts: queue).
 */
export function openStation(options: StationOptions): Station {
  const { redis, queue, artifacts, checkpointMs, lockMs, stalledMs, log } = options
  const child = new TrainerChild(log)
  const client = connectPatiently(redis)
  const control = openControl(client, queue)
  const leaving = new AbortController()
  const take = async (job: CohortBullJob, token = '') => {
    const lease = holdLease(async () => (await job.extendLock(token, lockMs)) === 1, lockMs)
    const post = openProgressPost((progress) =>
      job
        .updateProgress(progress)
        .catch((error) => log.warn({ cohort: job.id, err: error }, 'progress not sent')),
    )
    const stop = AbortSignal.any([leaving.signal, lease.lost])
    const { runs } = job.data
    log.info({ ...named(runs), cohort: job.id }, 'cohort taken')
    try {
      const digest = await takeTurn(job.data, { child, control, artifacts, checkpointMs, stop, post, log })
      await post.close('drop')
      return digest
    } catch (error) {
      log.warn({ ...named(runs), cohort: job.id, err: error }, 'cohort given up')
      if (!stop.aborted) throw error
      if (!lease.lost.aborted) {
        await post.close('send')
        await job.moveToWait(token)
      }
      throw new WaitingError('The cohort goes back to the queue.')
    } finally {
      lease.release()
      await post.close('send')
      child.warm()
    }
  }
  const worker = new Worker<CohortJob, CohortDigest>(queue.name, take, {
    connection: patientOptions(redis),
    prefix: queue.prefix,
    name: `${hostname()}-${process.pid}`,
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: stalledMs,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    skipLockRenewal: true,
    drainDelay: BLOCK_SECONDS,
    runRetryDelay: RETRY_MS,
  })
  for (const source of [worker, client]) source.on('error', once(log))
  worker.on('ready', () => log.info({ artifacts, queue: queue.name }, 'station open'))
  child.warm()
  let left: Promise<void> | undefined
  const leave = async () => {
    leaving.abort(new Leaving('The supervisor was told to end.'))
    await worker.pause(true)
    await worker.close()
    await child.kill()
    client.disconnect()
  }
  return {
    leave: () => {
      left ??= leave()
      return left
    },
  }
}

/** Says an error when it first comes and not again at every retry, until another kind comes. */
function once(log: Logger): (error: Error) => void {
  let last = ''
  return (error) => {
    if (error.message !== last) log.warn({ err: error }, 'trouble with Redis')
    last = error.message
  }
}
