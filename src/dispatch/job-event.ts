import type { JobView } from '../experiment/job-view.ts'
import type { JobState } from '../experiment/states.ts'

/**
 * One thing that happened to a run, with the run's state, progress and reason at that moment. `id` rises over all runs and is what a reader gives back as
 * Last-Event-ID; it is null for progress that is only passed on live and not kept.
 */
export interface JobEvent {
  readonly id: number | null
  readonly run: string
  readonly type: 'state' | 'progress'
  readonly at: string // RFC 3339 UTC
  readonly data: JobEventData
}

export interface JobEventData {
  readonly state: JobState
  readonly attempt: number
  readonly progress: JobView['progress']
  readonly reason: JobView['reason']
}
