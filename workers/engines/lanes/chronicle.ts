import type { Weights } from '../../../src/experiment/matrix.ts'
import type { Measurements } from '../../../src/experiment/measurement.ts'
import { layoutOf, unpack } from '../../models/parameters.ts'
import { amplitudeLost, flowLost, lossLost } from '../../probes/recorder.ts'
import type { Position, Trajectory } from '../engine.ts'
import { passagesOf, STATUS } from './batch.ts'
import type { Entry } from './entry.ts'
import type { Loaded } from './load.ts'

/** What one run of a batch shows, taken over after each call. */
export class Chronicle {
  readonly #batch: Loaded
  readonly #entry: Entry
  readonly #run: number // its index in the batch
  readonly #measurements: Measurements

  constructor(batch: Loaded, entry: Entry, run: number) {
    const features = Array.from({ length: batch.features })
    this.#batch = batch
    this.#entry = entry
    this.#run = run
    this.#measurements = {
      ...{ time: [], step: [], loss: [] },
      amplitudes: features.map(() => []),
      passages: features.map(() => ({ time: [], amplitude: [] })),
    }
  }

  get position(): Position {
    const step = Number(this.#batch.step[this.#run])
    return { step, time: this.#batch.time?.[this.#run] ?? this.#timeOf(step) }
  }

  /** Takes over the rows and passages of the call just made. */
  follow(): void {
    this.#takeRows()
    for (const { feature, rung, from, to, fraction } of passagesOf(this.#batch, this.#run)) {
      const passages = this.#measurements.passages[feature]!
      const [start, end] = [this.#timeOf(from), this.#timeOf(to)]
      passages.time.push(start + fraction * (end - start))
      passages.amplitude.push(this.#batch.ladder[rung]!)
    }
    this.#entry.timetable?.forget(this.#batch.lookedAt[this.#run]!)
  }

  #takeRows(): void {
    const { point, points, nextPoint, row, rowStep, features } = this.#batch
    const { time, step, loss, amplitudes } = this.#measurements
    for (let p = step.length; p < nextPoint[this.#run]!; p++) {
      const at = this.#run * points + p
      step.push(rowStep === null ? point[at]! : Number(rowStep[at]))
      time.push(this.#timeOf(point[at]!))
      loss.push(row[at * (1 + features)]!)
      for (const [i, values] of amplitudes.entries()) values.push(row[at * (1 + features) + 1 + i]!)
    }
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
      measurements: this.#measurements,
      weights: this.#weights(),
    }
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
