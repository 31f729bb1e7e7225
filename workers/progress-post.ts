import type { CohortProgress, RunDigest, RunProgress } from '../src/queue/cohort-job.ts'

/**
 * Passes on to the queue what becomes of a cohort's runs, at most four times a second and one message at a time, whatever
 * their number; what comes after a quiet quarter of a second is sent at once.
 */
export interface ProgressPost {
  report(change: RunProgress): void
  /** A run has ended. A message that is lost is made good by the digest of the whole cohort at its end. */
  ended(run: RunDigest): void
  /** Sends what is left, or drops it where the digest is about to tell all. Nothing is sent after it. May be called twice. */
  close(rest: 'send' | 'drop'): Promise<void>
}

const THROTTLE_MS = 250

/**
 * @param send hands a message over; while it is under way later changes are merged into the next message, so
 *   that an outage of Redis piles nothing up
 */
export function openProgressPost(send: (progress: CohortProgress) => Promise<void>): ProgressPost {
  const waiting = new Map<string, RunProgress>()
  let ended: RunDigest[] = []
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let lastSent = Number.NEGATIVE_INFINITY // performance.now()
  let closed = false
  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    if (sending !== undefined || waiting.size + ended.length === 0) return
    const message = { runs: [...waiting.values()], ...(ended.length > 0 && { ended }) }
    waiting.clear()
    ended = []
    lastSent = performance.now()
    sending = send(message)
    await sending
    sending = undefined
    wake()
  }
  /** Even where it is due a message waits for the rest of its tick, so that a cohort's change of phase is one. */
  const wake = () => {
    if (closed || waiting.size + ended.length === 0) return
    timer ??= setTimeout(() => void flush(), Math.max(0, lastSent + THROTTLE_MS - performance.now()))
  }
  return {
    report: (change) => {
      const progress = change.progress ?? waiting.get(change.id)?.progress ?? null
      waiting.set(change.id, { ...change, progress })
      wake()
    },
    ended: (run) => {
      waiting.delete(run.id)
      ended.push(run)
      wake()
    },
    close: async (rest) => {
      closed = true
      clearTimeout(timer)
      await sending
      if (rest === 'send') await flush()
    },
  }
}
