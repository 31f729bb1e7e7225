/** The states of a run (public contract) and which may follow which. */
export const JOB_STATES = [
  'queued',
  'starting',
  'running',
  'pausing',
  'paused',
  'recovering',
  'cancelling',
  'succeeded',
  'failed',
  'diverged',
  'stopped',
  'cancelled',
] as const
export type JobState = (typeof JOB_STATES)[number]

/** States that a run never leaves within an attempt. */
export const ENDED: ReadonlySet<JobState> = new Set([
  'succeeded',
  'failed',
  'diverged',
  'stopped',
  'cancelled',
])

/** Ended states with a result to read: divergence is a result, not a failure. */
export const WITH_RESULT: ReadonlySet<JobState> = new Set(['succeeded', 'diverged', 'stopped'])

/** Ended states from which the same POST starts a new attempt. */
export const RETRIABLE: ReadonlySet<JobState> = new Set(['failed', 'cancelled', 'stopped'])

const ends: JobState[] = ['succeeded', 'failed', 'diverged', 'stopped', 'cancelled']
const next: Record<JobState, readonly JobState[]> = {
  queued: ['starting', 'running', 'cancelling', 'recovering', 'paused', ...ends],
  starting: ['running', 'recovering', 'cancelling', 'pausing', 'queued', ...ends],
  running: ['recovering', 'cancelling', 'pausing', 'queued', ...ends],
  pausing: ['paused', 'recovering', 'cancelling', 'running', ...ends],
  paused: ['queued', 'cancelled', 'cancelling'],
  recovering: ['starting', 'running', 'cancelling', 'queued', ...ends],
  cancelling: ends,
  succeeded: [],
  failed: ['queued'],
  diverged: [],
  stopped: ['queued'],
  cancelled: ['queued'],
}

/** Whether the ledger may move a run from one state to the other. */
export function mayFollow(from: JobState, to: JobState): boolean {
  return next[from].includes(to)
}
