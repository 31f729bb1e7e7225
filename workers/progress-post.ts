import type { CohortProgress, RunProgress } from '../src/queue/cohort-job.ts'

/** Passes progress on to the queue: a change of phase at once, numbers at most four times a second, one message at a time. */
export interface ProgressPost {
  report(change: RunProgress): void
  /** Sends what is left. Nothing is sent after it. */
  close(): Promise<void>
}

const THROTTLE_MS = 250

/**
 * @param send hands a message over; while it is under way later changes are merged into the next message, so
 *   that an outage of Redis piles nothing up
 */
export function openProgressPost(send: (progress: CohortProgress) => Promise<void>): ProgressPost {
  const waiting = new Map<string, RunProgress>()
  const phases = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let closed = false
  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    if (sending !== undefined || waiting.size === 0) return
    const runs = [...waiting.values()]
    waiting.clear()
    sending = send({ runs })
    await sending
    sending = undefined
    if (waiting.size > 0 && !closed) timer ??= setTimeout(() => void flush(), THROTTLE_MS)
  }
  return {
    report: (change) => {
      if (closed) return
      const progress = change.progress ?? waiting.get(change.id)?.progress ?? null
      waiting.set(change.id, { ...change, progress })
      const phase = `${change.phase} ${change.engine}`
      const changed = phases.get(change.id) !== phase
      phases.set(change.id, phase)
      if (changed) void flush()
      else timer ??= setTimeout(() => void flush(), THROTTLE_MS)
    },
    close: async () => {
      closed = true
      await sending
      await flush()
    },
  }
}
