import type { ResolvedDescent } from '../../src/experiment/resolve.ts'

/**
 * The learning rate of each update, η_k for k = 0 … steps − 1:
 *   constant  η
 *   cosine    η (k + 1)/warmup while k < warmup, then η [final + (1 − final)(1 + cos πq)/2],
 *             q = (k − warmup)/(steps − warmup)
 *   steps     η factorᵐ, m the number of entries of `at` that are ≤ k
 */
export function learningRates({ learningRate, schedule, steps }: ResolvedDescent): (step: number) => number {
  if (schedule === 'constant') return () => learningRate
  if (typeof schedule === 'object' && schedule.kind === 'steps') {
    const { at, factor } = schedule
    return (step) => at.reduce((rate, edge) => (edge <= step ? rate * factor : rate), learningRate)
  }
  const { warmup = 0, final = 0 } = schedule === 'cosine' ? {} : schedule
  return (step) => {
    if (step < warmup) return (learningRate * (step + 1)) / warmup
    const phase = (step - warmup) / Math.max(1, steps - warmup)
    // Rounded to float32, where all versions of V8 agree on the cosine.
    const cosine = Math.fround(Math.cos(Math.PI * phase))
    return learningRate * (final + ((1 - final) * (1 + cosine)) / 2)
  }
}

/** Where a descent is: updates done, and the time Σ η_k over them. */
export class DescentClock {
  step = 0
  time = 0
  readonly #rate: (step: number) => number
  readonly #isConstant: boolean

  constructor(training: ResolvedDescent) {
    this.#rate = learningRates(training)
    this.#isConstant = training.schedule === 'constant'
  }

  /** η of the update to come. */
  get rate(): number {
    return this.#rate(this.step)
  }

  /** Counts an update. With a constant rate, time is rate × step and carries no sum's rounding. */
  tick(): void {
    const { rate } = this
    this.step += 1
    this.time = this.#isConstant ? rate * this.step : this.time + rate
  }
}
