import { MomentSampler } from '../../../src/data/moment-sampler.ts'
import { Timetable } from '../../dynamics/timetable.ts'
import { type RunPlan, samplerOf, type Trainee, type Trajectory } from '../engine.ts'
import { MODE } from './batch.ts'
import { type Frame, frameOf } from './frame.ts'

/** A run on its way through the lanes: as it was handed over, as the kernels see it, and the promise that its caller holds. */
export class Entry {
  readonly trainee: Trainee
  readonly mode: (typeof MODE)[keyof typeof MODE]
  readonly frame: Frame
  readonly timetable: Timetable | null // null in flow
  #settle: Settle | null

  /**
   * A run that is aborted ends at once, also while it waits for the kernels.
   *
   * @throws TypeError where a plan for sgd has no sampler
   */
  constructor(trainee: Trainee, settle: Settle) {
    const { plan, signal } = trainee
    this.trainee = trainee
    this.mode = modeOf(plan)
    this.frame = frameOf(plan)
    this.timetable = plan.training.mode === 'flow' ? null : new Timetable(plan.training)
    this.#settle = settle
    signal.addEventListener('abort', () => this.fail(signal.reason), { once: true })
  }

  get isEnded(): boolean {
    return this.#settle === null
  }

  end(trajectory: Trajectory): void {
    this.#settle?.resolve(trajectory)
    this.#settle = null
  }

  fail(reason: unknown): void {
    this.#settle?.reject(reason)
    this.#settle = null
  }

  /** Runs of one shape may share a batch. */
  shape(): string {
    const { objective, depth, features, width, training } = this.trainee.plan
    const { isDiagonal, directions } = this.frame
    const inFlow = training.mode === 'flow'
    const descent = inFlow ? [] : [training.momentum > 0, this.timetable?.constant === null]
    const rows = !inFlow && this.mode === MODE.moments ? training.batchSize : 0
    const looks = [isDiagonal, directions === null]
    return JSON.stringify([
      objective,
      this.mode,
      training.precision,
      depth,
      features,
      width,
      rows,
      looks,
      descent,
    ])
  }
}

/** The two ends of a promise. */
export interface Settle {
  resolve(trajectory: Trajectory): void
  reject(reason: unknown): void
}

function modeOf(plan: RunPlan): Entry['mode'] {
  const { mode } = plan.training
  if (mode === 'flow') return MODE.flow
  if (mode === 'gradient-descent') return MODE.descent
  return samplerOf(plan) instanceof MomentSampler ? MODE.moments : MODE.given
}
