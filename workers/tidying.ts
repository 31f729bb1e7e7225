import type { Logger } from 'pino'
import { dropCheckpoint } from '../src/artifacts/checkpoint.ts'
import { isNet } from '../src/experiment/resolve.ts'
import type { CohortRun } from '../src/queue/cohort-job.ts'

/** Removes the checkpoints of runs that have ended. What cannot be removed is told, and only takes room. */
export class Tidying {
  readonly #artifacts: string
  readonly #log: Pick<Logger, 'warn'>
  readonly #underWay: Promise<void>[] = []

  constructor(artifacts: string, log: Pick<Logger, 'warn'>) {
    this.#artifacts = artifacts
    this.#log = log
  }

  /** Whoever trained the run writes no more of it. */
  add(run: CohortRun): void {
    if (!isNet(run.spec)) return
    const dropped = dropCheckpoint(this.#artifacts, run).catch((error: Error) =>
      this.#log.warn({ jobId: run.id, err: error }, 'checkpoint not removed'),
    )
    this.#underWay.push(dropped)
  }

  async done(): Promise<void> {
    await Promise.all(this.#underWay)
  }
}
