import type { Redis } from 'ioredis'
import type { QueueName } from './redis.ts'

/**
 * What a dispatch and a worker tell each other about a cohort beside the queue: which runs are to be
 * cancelled, and how often each was started. Redis hashes per cohort, polled by the worker that has it, so an
 * order outlives both sides and needs no channel (an ACL for BullMQ allows none).
 */
export interface CohortControl {
  /** Asks whoever has the cohort, now or later, to end this run. */
  cancel(cohort: string, run: string): Promise<void>
  /** The runs of the cohort that are to end. */
  cancelled(cohort: string): Promise<ReadonlySet<string>>
  /** Counts a start of a run. A start that is not taken back is a crash. @returns starts so far, this one too */
  start(cohort: string, run: string): Promise<number>
  /** Takes a start back: the run ended or was handed back in order. */
  takeBack(cohort: string, run: string): Promise<void>
  /** Drops what is kept of a cohort. */
  forget(cohort: string): Promise<void>
}

/** Left-overs of cohorts that nobody forgot go after this long. */
const KEPT_SECONDS = 30 * 86_400

export function openControl(redis: Redis, { prefix, name }: QueueName): CohortControl {
  const orders = (cohort: string) => `${prefix}:${name}-orders:${cohort}`
  const starts = (cohort: string) => `${prefix}:${name}-starts:${cohort}`
  return {
    cancel: async (cohort, run) => {
      await redis.hset(orders(cohort), run, 'cancel')
      await redis.expire(orders(cohort), KEPT_SECONDS)
    },
    cancelled: async (cohort) => {
      const all = await redis.hgetall(orders(cohort))
      return new Set(Object.keys(all).filter((run) => all[run] === 'cancel'))
    },
    start: async (cohort, run) => {
      const count = await redis.hincrby(starts(cohort), run, 1)
      await redis.expire(starts(cohort), KEPT_SECONDS)
      return count
    },
    takeBack: async (cohort, run) => {
      await redis.hincrby(starts(cohort), run, -1)
    },
    forget: async (cohort) => {
      await redis.del(orders(cohort), starts(cohort))
    },
  }
}
