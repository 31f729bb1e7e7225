import type { ResolvedDescent } from '../../src/experiment/resolve.ts'
import { learningRates } from './schedule.ts'

/** Rates and times of a descent's updates, for an engine that makes many in one call: the very numbers of DescentClock. */
export class Timetable {
  /** η of every update, where the schedule is constant. */
  readonly constant: number | null
  readonly #rate: (step: number) => number
  #first = 0 // the step of #times[0]
  #times = [0]

  constructor(training: ResolvedDescent) {
    this.constant = training.schedule === 'constant' ? training.learningRate : null
    this.#rate = learningRates(training)
  }

  /** Writes η of the updates from `step` on. */
  fill(rates: Float64Array, step: number): void {
    for (let k = 0; k < rates.length; k++) rates[k] = this.#rate(step + k)
  }

  /** The time after `step` updates, which must not lie before the last `forget`. */
  time(step: number): number {
    if (this.constant !== null) return this.constant * step
    const times = this.#times
    for (let k = this.#first + times.length - 1; k < step; k++) times.push(times.at(-1)! + this.#rate(k))
    const time = times[step - this.#first]
    if (time === undefined) throw new RangeError(`The time of step ${step} is kept no longer.`)
    return time
  }

  /** Lets go of the times before a step. */
  forget(step: number): void {
    if (this.constant !== null || step <= this.#first) return
    this.time(step)
    this.#times = this.#times.slice(step - this.#first)
    this.#first = step
  }
}
