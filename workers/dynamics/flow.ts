/**
 * Gradient flow dθ/dt = −∂loss/∂θ by the Dormand–Prince 5(4) pair: seven stages, the last of which is the
 * first of the next step; the fifth order solution is kept, the embedded fourth order one measures the error.
 * The step size follows a PI controller, h ← h · 0.9 e^(−0.7/5) e_old^(0.4/5), where e is the largest error over
 * all weights in units of atol + rtol·|θ_i| (Hairer, Nørsett, Wanner, Solving ODEs I, §II.4–5). At rtol 1e-10
 * the global error stays near 1e-8 of an amplitude.
 */
const RELATIVE_TOLERANCE = 1e-10
const NODES = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
] as const
/** Weights of the stages in the term of fourth order of the dense output (Hairer's DOPRI5). */
const DENSE = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
] as const
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40] as const
const SAFETY = 0.9
const SMALLEST_FACTOR = 0.2
const LARGEST_FACTOR = 5

/** Writes dθ/dt at θ into `out`. The flows here do not depend on time itself. */
export type Field = (theta: Float64Array, out: Float64Array) => void

export class DormandPrince {
  step = 0 // accepted
  time = 0
  readonly theta: Float64Array // the solution of now, owned
  readonly #field: Field
  readonly #floor: number // atol
  readonly #stages: Float64Array[] // k₁ … k₇
  readonly #trial: Float64Array
  readonly #before: Float64Array // the solution that the last step set out from
  #taken = 0 // length of the last step
  #size = 0 // the step that the controller wants next
  #lastError = 1

  /** @param initial θ(0), copied. @param scale what counts as one weight's size where θ_i is near zero */
  constructor(initial: Float64Array, scale: number, field: Field) {
    this.theta = Float64Array.from(initial)
    this.#field = field
    this.#floor = RELATIVE_TOLERANCE * scale
    this.#stages = Array.from({ length: 7 }, () => new Float64Array(initial.length))
    this.#trial = new Float64Array(initial.length)
    this.#before = Float64Array.from(initial)
    field(this.theta, this.#stages[0]!)
    this.#size = this.#firstStep()
  }

  /**
   * Takes one accepted step, onto the limit exactly where it lies within reach.
   *
   * @returns false where no step was possible: the solution leaves the finite numbers or turns faster than
   *   float64 can count time
   */
  advance(limit: number): boolean {
    for (;;) {
      const left = limit - this.time
      const planned = this.#size
      const last = left <= planned * 1.000001
      const h = last ? left : planned
      if (!(h > 4 * Number.EPSILON * this.time) || !Number.isFinite(h)) return false
      const error = this.#try(h)
      const factor = this.#factor(error)
      if (error <= 1) {
        this.#taken = h
        this.#accept(last ? limit : this.time + h, error)
        // A step cut short says nothing against the longer one that the controller wanted.
        this.#size = h < this.#size ? Math.max(this.#size, h * factor) : h * factor
        return true
      }
      this.#size = h * Math.min(1, factor)
    }
  }

  /**
   * The solution inside the last step, after `advance` has returned true: a polynomial of fourth order, as exact as the step.
   *
   * @param x the part of that step, from 0 to 1
   */
  inside(x: number, out: Float64Array): void {
    const before = this.#before
    const h = this.#taken
    const [k7, , k3, k4, k5, k6, k1] = this.#stages as [Float64Array, ...Float64Array[]] // `accept` has swapped the ends
    for (let i = 0; i < out.length; i++) {
      const rise = this.theta[i]! - before[i]!
      const bend = h * k1![i]! - rise
      const twist = rise - h * k7[i]! - bend
      const rest =
        h *
        (DENSE[0] * k1![i]! +
          DENSE[2] * k3![i]! +
          DENSE[3] * k4![i]! +
          DENSE[4] * k5![i]! +
          DENSE[5] * k6![i]! +
          DENSE[6] * k7[i]!)
      out[i] = before[i]! + x * (rise + (1 - x) * (bend + x * (twist + (1 - x) * rest)))
    }
  }

  /** Fills stages 2 … 7 and the trial point. @returns the error in units of the tolerance, Infinity if not finite */
  #try(h: number): number {
    const { theta } = this
    const trial = this.#trial
    for (let s = 1; s < 7; s++) {
      const row = NODES[s - 1]!
      this.#combine(row, h)
      this.#field(trial, this.#stages[s]!)
    }
    const [k1, , k3, k4, k5, k6, k7] = this.#stages as [Float64Array, ...Float64Array[]]
    let worst = 0
    for (let i = 0; i < theta.length; i++) {
      const e =
        ERROR[0] * k1[i]! +
        ERROR[2] * k3![i]! +
        ERROR[3] * k4![i]! +
        ERROR[4] * k5![i]! +
        ERROR[5] * k6![i]! +
        ERROR[6] * k7![i]!
      const size = Math.max(Math.abs(theta[i]!), Math.abs(trial[i]!))
      const ratio = Math.abs(h * e) / (this.#floor + RELATIVE_TOLERANCE * size)
      if (!(ratio <= worst)) worst = ratio // a NaN stays
    }
    return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst
  }

  /** trial = θ + h Σ row_s k_s. */
  #combine(row: readonly number[], h: number): void {
    const { theta } = this
    const trial = this.#trial
    const first = this.#stages[0]!
    for (let i = 0; i < theta.length; i++) trial[i] = row[0]! * first[i]!
    for (let s = 1; s < row.length; s++) {
      const weight = row[s]!
      const stage = this.#stages[s]!
      if (weight === 0) continue
      for (let i = 0; i < theta.length; i++) trial[i] = trial[i]! + weight * stage[i]!
    }
    for (let i = 0; i < theta.length; i++) trial[i] = theta[i]! + h * trial[i]!
  }

  #factor(error: number): number {
    const factor =
      error <= 1
        ? SAFETY * Math.max(error, 1e-10) ** (-0.7 / 5) * this.#lastError ** (0.4 / 5)
        : SAFETY * error ** (-1 / 5)
    // Rounded to float32, where all versions of V8 agree on the power: the steps taken must not differ.
    return Math.min(LARGEST_FACTOR, Math.max(SMALLEST_FACTOR, Math.fround(factor)))
  }

  #accept(time: number, error: number): void {
    this.#before.set(this.theta)
    this.theta.set(this.#trial)
    const first = this.#stages[0]!
    this.#stages[0] = this.#stages[6]!
    this.#stages[6] = first
    this.#lastError = Math.max(error, 1e-4)
    this.step += 1
    this.time = time
  }

  /** A hundredth of the time in which the fastest weight would change by its own size. */
  #firstStep(): number {
    let [size, speed] = [this.#floor / RELATIVE_TOLERANCE, 0]
    for (let i = 0; i < this.theta.length; i++) {
      size = Math.max(size, Math.abs(this.theta[i]!))
      speed = Math.max(speed, Math.abs(this.#stages[0]![i]!))
    }
    return speed > 0 ? (0.01 * size) / speed : Number.MAX_VALUE
  }
}
