import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint } from '../../../../src/artifacts/checkpoint.ts'
import type { NamedTensors } from '../../../../src/experiment/matrix.ts'
import { DescentClock } from '../../../dynamics/schedule.ts'
import { lossLost } from '../../../probes/recorder.ts'
import type { Keeper, NetPlan, NetTrajectory, Trainee } from '../../engine.ts'
import { Chronicle } from './chronicle.ts'
import type { Look } from './net-look.ts'
import { initialState } from './net-step.ts'

/** A run in a batch: where it is and what was measured. What becomes of it is nothing to the others. */
export class Lane {
  readonly plan: NetPlan
  /** Settled once the run has ended in whatever way. */
  readonly end: Promise<NetTrajectory>
  readonly #run: Trainee<NetPlan>
  readonly #clock: DescentClock
  readonly #chronicle: Chronicle
  readonly #kept: Checkpoint | null // where it goes on from
  #settle!: { resolve(end: NetTrajectory): void; reject(why: unknown): void }
  #isOpen = true
  #message: string | null = null
  #seen: number // points of the plan that were looked at

  constructor(run: Trainee<NetPlan>) {
    this.#run = run
    this.plan = run.plan
    this.#clock = new DescentClock(run.plan.spec.training)
    const { keeper, plan } = run
    this.#kept = keeper?.kept && fits(keeper.kept, plan) ? keeper.kept : null
    if (keeper?.kept && this.#kept === null) keeper.refuse('it does not have the shape of this run')
    const { step = 0, time = 0, measurements = null } = this.#kept ?? {}
    Object.assign(this.#clock, { step, time })
    this.#chronicle = new Chronicle(plan.probes, measurements)
    this.#seen = Math.max(0, this.#chronicle.measurements.step.length - 1)
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

  /** Whether it has come further than where it began or goes on from. */
  get hasMoved(): boolean {
    return this.step > (this.#kept?.step ?? 0)
  }

  /** Whether its start is still to be measured. */
  get isUnseen(): boolean {
    return this.#chronicle.measurements.step.length === 0
  }

  /** The state in which it begins or goes on. */
  get first(): NamedTensors {
    return this.#kept?.state ?? initialState(this.plan)
  }

  get keeper(): Keeper | undefined {
    return this.#run.keeper
  }

  /** Keeps where it is, in this state. */
  async keep(state: NamedTensors): Promise<void> {
    const { step, time } = this.#clock
    await this.keeper?.keep({ step, time, measurements: this.#chronicle.measurements, state })
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

/** Whether a run can go on from what was kept: the tensors that its step takes, and a row for each point that lies behind. */
function fits({ step, state, measurements }: Checkpoint, plan: NetPlan): boolean {
  const shapes = (tensors: NamedTensors) =>
    Object.entries(tensors)
      .map(([name, { shape }]) => `${name} ${shape}`)
      .toSorted()
  const behind = [0, ...plan.points.filter((point) => point <= step)]
  const probes = Object.keys(measurements.probes ?? {})
  return (
    step < plan.spec.training.steps &&
    isDeepStrictEqual(shapes(state), shapes(initialState(plan))) &&
    isDeepStrictEqual(measurements.step, behind) &&
    isDeepStrictEqual(probes.toSorted(), plan.probes.toSorted())
  )
}
