import { logarithm } from '../../src/data/normal.ts'
import type { Passages } from '../../src/experiment/measurement.ts'
import { root } from '../models/root.ts'

/**
 * The fine record of each amplitude: the moment at which it first passed each rung 10^(k/40) of a fixed ladder,
 * upward beyond its maximum so far or downward below its minimum so far. A rung passed between two looks is
 * dated by ln(amplitude), a straight line between the looks or, where its slopes are known (flow), the cubic
 * with these slopes, whose error is of fourth order in the step.
 */
const RUNGS = 40 // a decade
const LOWEST = -20 * RUNGS // amplitudes below 1e-20 are no longer dated
const HIGHEST = 150 * RUNGS

/** 10^(k/40), the same bits everywhere. */
export function rung(k: number): number {
  const decade = Math.floor(k / RUNGS)
  return MANTISSAS[k - decade * RUNGS]! * Number(`1e${decade}`)
}
const MANTISSAS = Array.from({ length: RUNGS }, (_, r) => (r === 0 ? 1 : root(Number(`1e${r}`), RUNGS)))

/** The amplitudes of all rungs that are dated, rising. */
export function ladder(): Float64Array {
  return Float64Array.from({ length: HIGHEST - LOWEST + 1 }, (_, index) => rung(LOWEST + index))
}

export class PassageRecord {
  readonly passages: readonly Passages[] // [features]
  readonly #up: Int32Array // k of the next rung above the maximum so far
  readonly #down: Int32Array // k of the next rung below the minimum so far
  readonly #above: Float64Array // those rungs' amplitudes
  readonly #below: Float64Array
  readonly #last: Float64Array // amplitudes of the last look
  readonly #lastGrowth: Float64Array | null
  #lastTime: number

  /** @param amplitudes [d] at `time`; @param growth d ln(amplitude)/dt [d] where it is known */
  constructor(time: number, amplitudes: Float64Array, growth?: Float64Array) {
    this.passages = Array.from(amplitudes, () => ({ time: [], amplitude: [] }))
    this.#up = Int32Array.from(amplitudes, (a) => firstRungAbove(a))
    this.#down = Int32Array.from(amplitudes, (a, i) => lastRungBelow(a, this.#up[i]!))
    this.#above = Float64Array.from(this.#up, rung)
    this.#below = Float64Array.from(this.#down, (k) => (k < LOWEST ? -1 : rung(k)))
    this.#last = Float64Array.from(amplitudes)
    this.#lastGrowth = growth ? Float64Array.from(growth) : null
    this.#lastTime = time
  }

  /** Dates the rungs passed since the last look. Amplitudes must be finite. */
  look(time: number, amplitudes: Float64Array, growth?: Float64Array): void {
    for (let i = 0; i < amplitudes.length; i++) {
      const now = amplitudes[i]!
      if (now < this.#above[i]! && !(now <= this.#below[i]!)) continue
      const date = this.#dating(i, time, now, growth)
      while (now >= this.#above[i]! && this.#up[i]! <= HIGHEST) {
        this.#note(i, date(this.#above[i]!), this.#above[i]!)
        this.#above[i] = rung(++this.#up[i]!)
      }
      while (now <= this.#below[i]! && this.#down[i]! >= LOWEST) {
        this.#note(i, date(this.#below[i]!), this.#below[i]!)
        this.#below[i] = --this.#down[i]! < LOWEST ? -1 : rung(this.#down[i]!)
      }
    }
    this.#last.set(amplitudes)
    if (growth) this.#lastGrowth?.set(growth)
    this.#lastTime = time
  }

  #note(feature: number, time: number, amplitude: number): void {
    this.passages[feature]!.time.push(time)
    this.passages[feature]!.amplitude.push(amplitude)
  }

  /** level ↦ the time between the last look and now at which the amplitude had it. */
  #dating(i: number, time: number, now: number, growth?: Float64Array): (level: number) => number {
    const start = this.#lastTime
    const span = time - start
    const from = ln(this.#last[i]!)
    const rise = ln(now) - from
    // From or to an amplitude of zero there is no line to follow; the look that saw it dates it.
    if (!Number.isFinite(rise) || rise === 0) return () => time
    const curve = cubic(
      rise,
      span * (this.#lastGrowth?.[i] ?? Number.NaN),
      span * (growth?.[i] ?? Number.NaN),
    )
    return (level) => start + span * crossing(curve, (ln(level) - from) / rise)
  }
}

/** ln, the same bits everywhere; −Infinity for what is too small to be dated. */
function ln(amplitude: number): number {
  return amplitude < 2 ** -1022 ? Number.NEGATIVE_INFINITY : logarithm(amplitude)
}

/** f on [0, 1] with f(0) = 0, f(1) = 1 and the given end slopes over `rise`; straight where these bend it back. */
function cubic(rise: number, first: number, last: number): (x: number) => number {
  const [a, b] = [first / rise, last / rise]
  // Monotone if both slopes lie in [0, 3] (Fritsch and Carlson).
  if (!(a >= 0 && a <= 3 && b >= 0 && b <= 3)) return (x) => x
  return (x) => x * (a + x * (3 - 2 * a - b + x * (a + b - 2)))
}

/** The x in [0, 1] at which the rising f reaches y: halving, 50 times. */
function crossing(f: (x: number) => number, y: number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (f(middle) < y) low = middle
    else high = middle
  }
  return high
}

function firstRungAbove(amplitude: number): number {
  let k = Math.max(LOWEST, Math.floor(RUNGS * Math.log10(amplitude)) - 1)
  while (rung(k) <= amplitude) k++
  return k
}

/** The rung below an amplitude whose next rung above is `up`; an amplitude on a rung has not passed it. */
function lastRungBelow(amplitude: number, up: number): number {
  return rung(up - 1) < amplitude ? up - 1 : up - 2
}
