import type { CohortRun } from '../src/queue/cohort-job.ts'

/**
 * The order in which a cohort's runs go to the child, together as far as they can. After a crash nobody knows whose it
 * was, so the runs that it met are halved, until the one that crashes its child is alone with it: that one pays with its
 * own restarts, and its neighbours come through in their halves.
 */
export class TrainingGroups {
  readonly #groups: CohortRun[][]

  /** @param losses of whole workers that had these runs together: each halves the groups too */
  constructor(runs: readonly CohortRun[], losses: number) {
    this.#groups = halved(runs, losses)
  }

  /** The next ones to train, without those that have ended meanwhile; null once there are none. */
  take(isLeft: (run: CohortRun) => boolean): CohortRun[] | null {
    for (;;) {
      const group = this.#groups.shift()
      if (group === undefined) return null
      const left = group.filter(isLeft)
      if (left.length > 0) return left
    }
  }

  /** Takes runs in again that were not to blame, to be trained next. */
  putBack(group: readonly CohortRun[]): void {
    this.#groups.unshift([...group])
  }

  /** Takes in those that a crash met, to be trained next. */
  putBackHalved(group: readonly CohortRun[]): void {
    this.#groups.unshift(...halved(group, 1))
  }
}

function halved(runs: readonly CohortRun[], times: number): CohortRun[][] {
  const size = Math.max(1, Math.ceil(runs.length / 2 ** times))
  const count = Math.ceil(runs.length / size)
  return Array.from({ length: count }, (_, k) => runs.slice(k * size, (k + 1) * size))
}
