import type { JobView, Progress } from '../experiment/job-view.ts'
import type { Run } from '../ledger/run.ts'
import { timeOfDay } from './herald.ts'

/** A run as users read it. `live` is progress newer than the ledger's, `sweeps` those that ask for it. */
export function viewOf(run: Run, live: Progress | undefined, sweeps: readonly string[]): JobView {
  const self = `/v1/jobs/${run.id}`
  return {
    id: run.id,
    state: run.state,
    reason: run.reason,
    attempt: run.attempt,
    progress: (run.state === 'running' ? live : undefined) ?? run.progress,
    createdAt: timeOfDay(run.createdAt),
    startedAt: run.startedAt === null ? null : timeOfDay(run.startedAt),
    finishedAt: run.finishedAt === null ? null : timeOfDay(run.finishedAt),
    spec: {
      ...run.asked,
      ...(run.name !== null && { name: run.name }),
      ...(run.tags.length > 0 && { tags: [...run.tags] }),
    },
    warnings: [...run.warnings],
    sweeps: [...sweeps],
    ...(run.cohort !== '' && { cohort: run.cohort }),
    device: run.device,
    engine: run.engine,
    links: {
      self,
      cancel: `${self}/cancel`,
      result: `${self}/result`,
      trajectory: `${self}/trajectory`,
      figure: `${self}/figure.svg`,
      events: `${self}/events`,
      artifacts: `${self}/artifacts`,
    },
  }
}
