import type { Progress } from '../../src/experiment/job-view.ts'
import type { Position } from '../engines/engine.ts'

/**
 * How far a run is, counted in work. In descent that is steps. In flow it is integrator steps: those done over
 * those done plus those that the time left would take at the pace of late, since a plateau passes in few steps and time
 * alone would jump. `fraction` never falls, and is 1 at the end alone.
 */
export class Pace {
  readonly #end: number // a time in flow, a step in descent
  readonly #flow: boolean
  readonly #now: () => number
  readonly #began: number
  #fraction = 0
  #first: number | null = null // the step that was told first: after a restart not 0
  #lastStep = 0
  #lastTime = 0

  /** @param now a clock that never goes back, in milliseconds */
  constructor(end: number, flow: boolean, now: () => number) {
    this.#end = end
    this.#flow = flow
    this.#now = now
    this.#began = now()
  }

  wallSeconds(): number {
    return (this.#now() - this.#began) / 1000
  }

  progress(at: Position): Progress {
    const { step } = at
    const steps = this.#flow ? this.#flowSteps(at) : this.#end
    const whole = steps > 0 ? Math.min(1, step / steps) : 1
    // A plateau's long steps promise an end that the transition behind it takes back, so the fraction goes a quarter of the way.
    const believed = whole === 1 ? 1 : Math.min(whole, this.#fraction + (1 - this.#fraction) / 4)
    this.#fraction = Math.max(this.#fraction, this.#flow ? believed : whole)
    this.#first ??= step
    const done = step - this.#first
    const etaSeconds = done > 0 ? ((steps - step) / done) * this.wallSeconds() : steps > step ? null : 0
    const { collapse } = at
    return { step, steps, fraction: this.#fraction, etaSeconds, ...(collapse && { collapse }) }
  }

  #flowSteps({ step, time }: Position): number {
    const pace = (time - this.#lastTime) / Math.max(1, step - this.#lastStep)
    this.#lastStep = step
    this.#lastTime = time
    if (time >= this.#end) return step
    return pace > 0 ? step + Math.ceil((this.#end - time) / pace) : step + 1
  }
}
