import type { Lane } from './lane.ts'

/** What checkpoints may take of the time of training. */
const SHARE = 0.02

/**
 * When runs that train together are kept: all of them at once, as often as they ask for, or less often where that takes more
 * than its share of the time; and at once where their process is to end.
 */
export class Keeping {
  readonly #lanes: readonly Lane[]
  readonly #everyMs: number
  #next: number // performance.now()
  #isLast = false

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes
    const kept = lanes.flatMap(({ keeper }) => keeper?.everyMs ?? [])
    this.#everyMs = kept.length > 0 ? Math.max(...kept) : Number.POSITIVE_INFINITY
    this.#next = performance.now() + this.#everyMs
  }

  get isDue(): boolean {
    return performance.now() >= this.#next || (this.#isLeaving && !this.#isLast)
  }

  /** @param keep keeps what is open, while nothing trains */
  async round(keep: () => Promise<void>): Promise<void> {
    this.#isLast = this.#isLeaving
    const began = performance.now()
    await keep()
    const now = performance.now()
    this.#next = now + Math.max(this.#everyMs, (now - began) / SHARE)
  }

  get #isLeaving(): boolean {
    return this.#lanes.some(({ keeper }) => keeper?.leaving.aborted)
  }
}
