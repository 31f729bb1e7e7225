import type { NamedTensors } from '../../../../src/experiment/matrix.ts'
import { DescentClock } from '../../../dynamics/schedule.ts'
import { lossLost } from '../../../probes/recorder.ts'
import type { NetPlan, NetTrajectory, Trainee } from '../../engine.ts'
import { Chronicle } from './chronicle.ts'
import type { Look } from './net-look.ts'

/** A run in a batch: where it is and what was measured. What becomes of it is nothing to the others. */
export class Lane {
  readonly plan: NetPlan
  /** Settled once the run has ended in whatever way. */
  readonly end: Promise<NetTrajectory>
  readonly #run: Trainee<NetPlan>
  readonly #clock: DescentClock
  readonly #chronicle: Chronicle
  #settle!: { resolve(end: NetTrajectory): void; reject(why: unknown): void }
  #isOpen = true
  #message: string | null = null
  #seen = 0 // points of the plan that were looked at

  constructor(run: Trainee<NetPlan>) {
    this.#run = run
    this.plan = run.plan
    this.#clock = new DescentClock(run.plan.spec.training)
    this.#chronicle = new Chronicle(run.plan.probes)
    this.end = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.end.catch(() => {}) // whoever asked for the run hears it
    const { signal } = run
    if (signal.aborted) this.fail(signal.reason)
    else signal.addEventListener('abort', this.#abort)
  }

  readonly #abort = () => this.fail(this.#run.signal.reason)

  /** Whether it still trains. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The next step, behind the start, at which it is measured. */
  get point(): number {
    return this.plan.points[this.#seen] ?? this.#clock.step
  }

  get step(): number {
    return this.#clock.step
  }

  /** Says where it is. */
  tell(): void {
    if (!this.#isOpen) return
    const { step, time } = this.#clock
    this.orFail(() => this.#run.report({ step, time, collapse: this.#chronicle.collapse }))
  }

  /** Counts steps by their losses. @returns how many come before the first whose loss is no number, or null where all are numbers */
  count(losses: Iterable<number>): number | null {
    let done = 0
    for (const loss of losses) {
      if (!Number.isFinite(loss)) {
        this.#message = lossLost(loss, this.#clock)
        return done
      }
      this.#clock.tick()
      done += 1
    }
    return null
  }

  /** Takes down a measurement. @returns whether the run ends with it */
  note(look: Look): boolean {
    this.#message = this.#chronicle.note(this.#clock, look)
    if (this.#clock.step > 0) this.#seen += 1
    return this.#message !== null || this.#seen >= this.plan.points.length
  }

  finish(weights: NamedTensors): void {
    this.tell()
    const { step, time } = this.#clock
    const { measurements } = this.#chronicle
    this.#close()
    this.#settle.resolve({ step, time, message: this.#message, measurements, weights })
  }

  fail(why: unknown): void {
    this.#close()
    this.#settle.reject(why)
  }

  #close(): void {
    this.#isOpen = false
    this.#run.signal.removeEventListener('abort', this.#abort)
  }

  /** Does what concerns this run alone; where that throws the run has ended. */
  orFail(part: () => void): void {
    try {
      part()
    } catch (error) {
      this.fail(error)
    }
  }
}
