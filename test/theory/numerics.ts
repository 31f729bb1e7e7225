/** Plain numerics to hold closed forms against: they share no code with src/theory. */

/** ∫ f over [from, to] by the tanh-sinh rule, to about 1e-13 for a smooth f. */
export function quadrature(f: (x: number) => number, from: number, to: number): number {
  const [middle, half] = [(from + to) / 2, (to - from) / 2]
  const step = 1 / 32
  let sum = 0
  for (let k = -128; k <= 128; k++) {
    const s = (Math.PI / 2) * Math.sinh(k * step)
    const weight = ((Math.PI / 2) * Math.cosh(k * step)) / Math.cosh(s) ** 2
    const x = middle + half * Math.tanh(s)
    if (weight > 1e-300 && x > Math.min(from, to) && x < Math.max(from, to)) sum += weight * f(x)
  }
  return sum * half * step
}

type Field = (state: Float64Array) => Float64Array

/**
 * State of an autonomous ODE after `time`, by Dormand–Prince 5(4) with steps chosen for a relative error of
 * `tolerance` in each component (absolute 1e-14).
 */
export function flowFor(
  field: Field,
  start: ArrayLike<number>,
  time: number,
  tolerance = 1e-11,
): Float64Array {
  let state: Float64Array = Float64Array.from(start)
  let [now, step] = [0, Math.min(time, 1e-3)]
  while (now < time) {
    step = Math.min(step, time - now)
    const { next, error } = dormandPrince(field, state, step, tolerance)
    if (Number.isNaN(error)) throw new Error(`The solver met NaN at time ${now}.`)
    if (error <= 1) {
      ;[state, now] = [next, now + step]
      if (time - now < 1e-15 * time) break
    }
    step *= Math.min(5, Math.max(0.2, 0.9 * error ** -0.2))
  }
  return state
}

const STAGES = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

function dormandPrince(field: Field, state: Float64Array, step: number, tolerance: number) {
  const slopes = [field(state)]
  let next = state
  for (const stage of STAGES) {
    next = state.map((x, i) => x + step * stage.reduce((sum, c, s) => sum + c * slopes[s]![i]!, 0))
    slopes.push(field(next))
  }
  let error = 0
  for (const [i, x] of next.entries()) {
    const miss = step * ERROR.reduce((sum, c, s) => sum + c * slopes[s]![i]!, 0)
    error = Math.max(error, Math.abs(miss) / (1e-14 + tolerance * Math.abs(x)))
  }
  return { next, error: Math.max(error, 1e-10) }
}

/** |got − wanted| over |wanted|. */
export function relativeError(got: number, wanted: number): number {
  return got === wanted ? 0 : Math.abs(got - wanted) / Math.abs(wanted)
}
