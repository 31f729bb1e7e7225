import type { Redis } from 'ioredis'
import type { QueueName } from './redis.ts'

/**
 * What a dispatch and a worker tell each other about a cohort beside the queue: which runs are to be
 * cancelled, and what was started how often. Redis hashes per cohort, polled by the worker that has it, so an
 * order outlives both sides and needs no channel (an ACL for BullMQ allows none). No method takes more than one round
 * trip, however many runs it is about.
 */
export interface CohortControl {
  /** Asks whoever has the cohort, now or later, to end these runs. */
  cancel(cohort: string, ...runs: readonly string[]): Promise<void>
  /** The runs of the cohort that are to end. */
  cancelled(cohort: string): Promise<ReadonlySet<string>>
  /** Counts a start of a run that is trained alone, or of TOGETHER. A start that is not taken back is a crash. @returns starts so far, this one too */
  start(cohort: string, run: string): Promise<number>
  /** Takes starts back: the runs ended or were handed back in order. */
  takeBack(cohort: string, ...runs: readonly string[]): Promise<void>
  /** Drops what is kept of a cohort. */
  forget(cohort: string): Promise<void>
}

/** Stands for the runs of a cohort in common: a crash that met several is no run's own, for nobody knows whose it was. */
export const TOGETHER = '*'

/** Left-overs of cohorts that nobody forgot go after this long. */
const KEPT_SECONDS = 30 * 86_400

export function openControl(redis: Redis, { prefix, name }: QueueName): CohortControl {
  const orders = (cohort: string) => `${prefix}:${name}-orders:${cohort}`
  const starts = (cohort: string) => `${prefix}:${name}-starts:${cohort}`
  return {
    cancel: async (cohort, ...runs) => {
      if (runs.length === 0) return
      const all = Object.fromEntries(runs.map((run) => [run, 'cancel']))
      await Promise.all([redis.hset(orders(cohort), all), redis.expire(orders(cohort), KEPT_SECONDS)])
    },
    cancelled: async (cohort) => {
      const all = await redis.hgetall(orders(cohort))
      return new Set(Object.keys(all).filter((run) => all[run] === 'cancel'))
    },
    start: async (cohort, run) => {
      const [count] = await Promise.all([
        redis.hincrby(starts(cohort), run, 1),
        redis.expire(starts(cohort), KEPT_SECONDS),
      ])
      return count
    },
    takeBack: async (cohort, ...runs) => {
      await Promise.all(runs.map((run) => redis.hincrby(starts(cohort), run, -1)))
    },
    forget: async (cohort) => {
      await redis.del(orders(cohort), starts(cohort))
    },
  }
}
