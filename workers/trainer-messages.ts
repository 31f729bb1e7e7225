import type { Progress } from '../src/experiment/job-view.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'

/** What the supervisor tells its child over IPC. */
export type Order =
  | { readonly type: 'train'; readonly artifacts: string; readonly runs: readonly CohortRun[] }
  | { readonly type: 'cancel'; readonly run: string }

/** How a run ended in the child, which knows nothing of earlier crashes. */
export type RunEnd =
  | { readonly ended: 'finished'; readonly fingerprint: string }
  | { readonly ended: 'cancelled' }
  | { readonly ended: 'failed'; readonly code: string; readonly message: string }

/** What the child tells its supervisor. `alive` comes every second in which its event loop turns. */
export type Notice =
  | { readonly type: 'alive' }
  | { readonly type: 'running'; readonly run: string; readonly engine: string; readonly device: string }
  | { readonly type: 'progress'; readonly run: string; readonly progress: Progress }
  | { readonly type: 'ended'; readonly run: string; readonly end: RunEnd }
  | { readonly type: 'over' }
