import type { Measurements } from '../../src/experiment/measurement.ts'
import type { Position } from '../engines/engine.ts'
import type { Training } from '../engines/training.ts'
import { PassageRecord } from './passages.ts'

/** Amplitudes past this square to more than float64 holds. */
const LARGEST_AMPLITUDE = 1e150

/** Keeps what a run shows: rows at the measurement points, passages in between, and where it left the numbers. */
export class Recorder {
  /** Why the run cannot go on, as a sentence; null while it can. */
  message: string | null = null
  readonly measurements: Measurements
  readonly #record: PassageRecord

  static async begin(training: Training): Promise<Recorder> {
    const recorder = new Recorder(training, await training.amplitudes())
    await recorder.measure(training)
    return recorder
  }

  private constructor(training: Training, amplitudes: Float64Array) {
    this.#record = new PassageRecord(training.time, amplitudes)
    const passages = [...this.#record.passages]
    this.measurements = { time: [], step: [], loss: [], amplitudes: passages.map(() => []), passages }
  }

  /** Follows the amplitudes; sets `message` where they left the finite numbers or the engine cannot go on. */
  look(training: Training): void | Promise<void> {
    const amplitudes = training.amplitudes()
    if (amplitudes instanceof Promise) return amplitudes.then((values) => this.#follow(training, values))
    this.#follow(training, amplitudes)
  }

  #follow(training: Training, amplitudes: Float64Array): void {
    if (training.broken !== null) this.message = training.broken
    const lost = firstLost(amplitudes)
    const inside = training.amplitudesInside && ((x: number) => training.amplitudesInside!(x))
    if (lost < 0) this.#record.look(training.time, amplitudes, inside)
    else this.message = amplitudeLost(lost, amplitudes[lost]!, training)
  }

  /** Adds a row, unless the loss has left the finite numbers: then the run has diverged. */
  async measure(training: Training): Promise<void> {
    const loss = await training.loss()
    const amplitudes = await training.amplitudes()
    const lost = firstLost(amplitudes)
    if (!Number.isFinite(loss)) this.message = lossLost(loss, training)
    else if (lost >= 0) this.message = amplitudeLost(lost, amplitudes[lost]!, training)
    if (this.message !== null) return
    const { measurements } = this
    measurements.time.push(training.time)
    measurements.step.push(training.step)
    measurements.loss.push(loss)
    for (const [i, row] of measurements.amplitudes.entries()) row.push(amplitudes[i]!)
  }
}

/** The first feature whose amplitude is not a number that can be squared, or −1. */
function firstLost(amplitudes: Float64Array): number {
  for (let i = 0; i < amplitudes.length; i++) {
    if (!(amplitudes[i]! <= LARGEST_AMPLITUDE)) return i
  }
  return -1
}

/** Why a run was stopped where an amplitude left the numbers. */
export function amplitudeLost(feature: number, amplitude: number, at: Position): string {
  return lostMessage(`The amplitude of feature ${feature} was ${amplitude}`, at)
}

/** Why a run was stopped where the loss left the numbers. */
export function lossLost(loss: number, at: Position): string {
  return lostMessage(`The loss was ${loss}`, at)
}

/** Why a flow was stopped that its integrator could not follow. */
export function flowLost({ time }: Position): string {
  return `The flow could not be followed past time ${time}: its step fell below what float64 counts.`
}

function lostMessage(fact: string, { step, time }: Position): string {
  return `${fact} at step ${step} (time ${time}), so the run was stopped there. Lower the learning rate or the initial scale.`
}
