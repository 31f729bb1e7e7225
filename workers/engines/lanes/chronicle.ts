import type { Weights } from '../../../src/experiment/matrix.ts'
import type { Measurements } from '../../../src/experiment/measurement.ts'
import { layoutOf, unpack } from '../../models/parameters.ts'
import { amplitudeLost, flowLost, lossLost } from '../../probes/recorder.ts'
import type { Position, Trajectory } from '../engine.ts'
import { eachPassage, STATUS } from './batch.ts'
import type { Entry } from './entry.ts'
import type { Loaded } from './load.ts'

/** What one run of a batch shows, taken over after each call. */
export class Chronicle {
  readonly #batch: Loaded
  readonly #entry: Entry
  readonly #run: number // its index in the batch
  readonly #measurements: Pick<Measurements, 'time' | 'step' | 'passages'>

  constructor(batch: Loaded, entry: Entry, run: number) {
    const features = Array.from({ length: batch.features })
    this.#batch = batch
    this.#entry = entry
    this.#run = run
    const passages = features.map(() => ({ time: [], amplitude: [] }))
    this.#measurements = { time: [], step: [], passages }
  }

  get position(): Position {
    const step = Number(this.#batch.step[this.#run])
    return { step, time: this.#batch.time?.[this.#run] ?? this.#timeOf(step) }
  }

  /** Takes over the passages of the call just made, and when its rows were; their numbers stay in the batch until the end. */
  follow(): void {
    const { ladder, point, points, nextPoint, rowStep } = this.#batch
    const { time, step, passages } = this.#measurements
    const first = this.#run * points
    for (let at = first + step.length; at < first + nextPoint[this.#run]!; at++) {
      step.push(rowStep === null ? point[at]! : Number(rowStep[at]))
      time.push(this.#timeOf(point[at]!))
    }
    eachPassage(this.#batch, this.#run, (feature, rung, from, to, fraction) => {
      const { time, amplitude } = passages[feature]!
      const start = this.#timeOf(from)
      time.push(start + fraction * (this.#timeOf(to) - start))
      amplitude.push(ladder[rung]!)
    })
    this.#entry.timetable?.forget(this.#batch.lookedAt[this.#run]!)
  }

  /** Column `index` of the rows. */
  #column(index: number): number[] {
    const { row, points, features } = this.#batch
    const stride = 1 + features
    const values = new Array<number>(this.#measurements.step.length)
    let at = this.#run * points * stride + index
    for (let p = 0; p < values.length; p++, at += stride) values[p] = row[at]!
    return values
  }

  /**
   * What the run came to.
   *
   * @throws Error where the kernels would not train it
   */
  trajectory(): Trajectory {
    return {
      ...this.position,
      message: this.#message(),
      measurements: this.#whole(),
      weights: this.#weights(),
    }
  }

  #whole(): Measurements {
    const { time, step, passages } = this.#measurements
    const amplitudes = passages.map((_, i) => this.#column(1 + i))
    return { time, step, loss: this.#column(0), amplitudes, passages }
  }

  #message(): string | null {
    const { status, lost } = this.#batch
    switch (status[this.#run]) {
      case STATUS.done:
        return null
      case STATUS.stuck:
        return flowLost(this.position)
      case STATUS.lost: {
        const [feature, value] = lost.subarray(2 * this.#run, 2 * this.#run + 2)
        return feature! < 0 ? lossLost(value!, this.position) : amplitudeLost(feature!, value!, this.position)
      }
      default:
        throw new Error(
          `The lanes kernels do not train this run (status ${status[this.#run]}): a weight, a datum or a rate of it is not finite.`,
        )
    }
  }

  /** In the plan's coordinates. Compensated weights are w + c, what the sums stand for. */
  #weights(): Weights {
    const { frame, trainee } = this.#entry
    const layout = layoutOf(trainee.plan)
    const from = this.#run * layout.size
    const theta = this.#batch.weights.slice(from, from + layout.size)
    if (this.#batch.carry !== null)
      for (let i = 0; i < theta.length; i++) theta[i]! += this.#batch.carry[from + i]!
    return frame.restore(unpack(layout, theta))
  }

  /** The time of a place as the kernels count it: a step, or in flow a time already. */
  #timeOf(place: number): number {
    return this.#entry.timetable?.time(place) ?? place
  }
}
