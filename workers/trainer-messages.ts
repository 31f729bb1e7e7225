import type { Progress } from '../src/experiment/job-view.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'

/** What the supervisor tells its child over IPC. */
export type Order =
  | {
      readonly type: 'train'
      readonly cohort: string
      /** Those of the cohort that are left, or a part of them. */
      readonly runs: readonly CohortRun[]
      readonly artifacts: string
      /** The least time of training from one checkpoint of a net to the next. */
      readonly checkpointMs: number
    }
  | { readonly type: 'cancel'; readonly runs: readonly string[] }

/** How a run ended in the child, which knows nothing of earlier crashes. */
export type RunEnd =
  | { readonly ended: 'finished'; readonly fingerprint: string }
  | { readonly ended: 'cancelled' }
  | { readonly ended: 'failed'; readonly code: string; readonly message: string }

/** What became of runs since the last news: one message, whatever their number. */
export interface News {
  readonly started: readonly { readonly run: string; readonly engine: string; readonly device: string }[]
  readonly progress: readonly { readonly run: string; readonly progress: Progress }[]
  /** Where they finished, their files are written. */
  readonly ended: readonly { readonly run: string; readonly end: RunEnd }[]
}

/** What the child tells its supervisor. `alive` comes every second in which its event loop turns. */
export type Notice =
  | { readonly type: 'alive' }
  | { readonly type: 'news'; readonly news: News }
  | { readonly type: 'over' }
