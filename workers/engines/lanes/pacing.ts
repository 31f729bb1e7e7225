import { MODE } from './batch.ts'
import type { Entry } from './entry.ts'
import { longestFeed } from './feed.ts'
import type { Loaded } from './load.ts'

/** A call lasts about this long or longer: progress is told often, and a cancel, which interrupts it, need not wait. */
const CALL_MS = 300
/** To bring one number of the weights in and out of a call takes some 8 ns, which is 34 ms for four layers of 1024. */
const MS_A_NUMBER = 8e-6
/** Of a call that may be spent on it, */
const SHARE = 1 / 40
/** unless progress would be told too seldom then. */
const LONGEST_MS = 1500
/** Floating-point operations of the first call, some ms of work. */
const FIRST = 2e8
/** Samples are drawn in JavaScript, at some 50 µs an update and more. */
const FIRST_DRAWN = 16
const LARGEST_RISE = 4
/** Calls without an update that are taken for a batch that does not move; one with all its room for passages taken is none. */
const STANDSTILL = 1000

/** How long a call lasts whose runs have so many weights, in ms. */
export function callMs(weights: number): number {
  return Math.min(LONGEST_MS, Math.max(CALL_MS, (weights * MS_A_NUMBER) / SHARE))
}

/** Sizes the calls by the time that the last one took. */
export class Pacing {
  budget: number
  readonly #ms: number
  readonly #longest: number
  #idle = 0

  constructor(batch: Loaded, entries: readonly Entry[]) {
    const { runs, depth, features, width, mode, weights } = batch
    this.#ms = callMs(weights.length)
    this.#longest = Math.min(longestFeed(batch, entries), Number.MAX_SAFE_INTEGER)
    const first = FIRST / (6 * runs * depth * features * width ** 2)
    this.budget = Math.min(this.#longest, mode === MODE.given ? FIRST_DRAWN : Math.ceil(first))
  }

  /** @param updates that the furthest run made in `ms` */
  learn(updates: number, ms: number): void {
    this.#idle = updates > 0 ? 0 : this.#idle + 1
    if (this.#idle > STANDSTILL) throw new Error(`The lanes kernels made no update in ${STANDSTILL} calls.`)
    if (updates === 0) return
    const wanted = Math.min((updates * this.#ms) / Math.max(ms, 0.01), LARGEST_RISE * this.budget)
    this.budget = Math.max(1, Math.min(this.#longest, Math.floor(wanted)))
  }
}
