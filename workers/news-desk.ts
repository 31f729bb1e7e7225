import type { Progress } from '../src/experiment/job-view.ts'
import type { News, RunEnd } from './trainer-messages.ts'

/**
 * Gathers what becomes of runs and passes it on in few messages: starts and ends ten times a second, progress at most
 * 200 runs a second in all, so that neither grows with the cohort. What is told of a run alone is told at once.
 */
export interface NewsDesk {
  started(run: string, engine: string, device: string): void
  /** Only the latest is told, and none of a run that has ended. */
  progress(run: string, progress: Progress): void
  ended(run: string, end: RunEnd): void
  /** Tells starts and ends that wait; progress that waits is of no use any more. */
  close(): void
}

const GAP_MS = 100
const PROGRESS_PER_MS = 200 / 1000

/** @param tell passes a message on */
export function openNewsDesk(tell: (news: News) => void): NewsDesk {
  let started: News['started'][number][] = []
  let ended: News['ended'][number][] = []
  const progress = new Map<string, Progress>()
  let timer: NodeJS.Timeout | undefined
  let wakesAt = 0
  let nextNews = 0 // performance.now() from which there may be another message
  let nextProgress = 0

  const flush = (now: number, withProgress: boolean) => {
    clearTimeout(timer)
    timer = undefined
    const told = withProgress ? [...progress].map(([run, latest]) => ({ run, progress: latest })) : []
    if (withProgress) progress.clear()
    if (started.length + ended.length + told.length > 0) tell({ started, progress: told, ended })
    started = []
    ended = []
    nextNews = now + GAP_MS
    if (told.length > 0) nextProgress = now + told.length / PROGRESS_PER_MS
  }
  const due = () => {
    const now = performance.now()
    flush(now, now >= nextProgress)
    if (progress.size > 0) wake(Math.max(nextNews, nextProgress))
  }
  /** Even where it is due the news waits for the rest of its tick, so that the start of a cohort is one message. */
  const wake = (at: number) => {
    if (timer !== undefined && wakesAt <= at) return
    clearTimeout(timer)
    wakesAt = at
    timer = setTimeout(due, Math.max(0, at - performance.now()))
  }
  return {
    started: (run, engine, device) => {
      started.push({ run, engine, device })
      wake(nextNews)
    },
    progress: (run, latest) => {
      progress.set(run, latest)
      wake(Math.max(nextNews, nextProgress))
    },
    ended: (run, end) => {
      progress.delete(run)
      ended.push({ run, end })
      wake(nextNews)
    },
    close: () => {
      progress.clear()
      flush(performance.now(), false)
    },
  }
}
