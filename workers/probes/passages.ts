import { logarithm } from '../../src/data/normal.ts'
import type { Passages } from '../../src/experiment/measurement.ts'
import { root } from '../models/root.ts'

/**
 * The fine record of each amplitude: the moment at which it first passed each rung 10^(k/40) of a fixed ladder,
 * upward beyond its maximum so far or downward below its minimum so far. A rung passed between two looks is
 * dated where the amplitude had it: looked up inside the step where that can be done (flow), else by a straight line in
 * ln(amplitude).
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
  readonly #now: Float64Array
  #lastTime: number

  /** @param amplitudes [d] at `time` */
  constructor(time: number, amplitudes: Float64Array) {
    this.passages = Array.from(amplitudes, () => ({ time: [], amplitude: [] }))
    this.#up = Int32Array.from(amplitudes, (a) => firstRungAbove(a))
    this.#down = Int32Array.from(amplitudes, (a, i) => lastRungBelow(a, this.#up[i]!))
    this.#above = Float64Array.from(this.#up, rung)
    this.#below = Float64Array.from(this.#down, (k) => (k < LOWEST ? -1 : rung(k)))
    this.#last = Float64Array.from(amplitudes)
    this.#now = Float64Array.from(amplitudes)
    this.#lastTime = time
  }

  /**
   * Dates the rungs passed since the last look. Amplitudes must be finite.
   *
   * @param inside x ↦ the amplitudes [d] at the part x of the way from the last look, where they can be had; it may overwrite
   *   `amplitudes`
   */
  look(time: number, amplitudes: Float64Array, inside?: Inside): void {
    this.#now.set(amplitudes)
    for (let i = 0; i < this.#now.length; i++) {
      const now = this.#now[i]!
      if (now < this.#above[i]! && !(now <= this.#below[i]!)) continue
      const date = this.#dating(i, time, now, inside)
      while (now >= this.#above[i]! && this.#up[i]! <= HIGHEST) {
        this.#note(i, date(this.#above[i]!), this.#above[i]!)
        this.#above[i] = rung(++this.#up[i]!)
      }
      while (now <= this.#below[i]! && this.#down[i]! >= LOWEST) {
        this.#note(i, date(this.#below[i]!), this.#below[i]!)
        this.#below[i] = --this.#down[i]! < LOWEST ? -1 : rung(this.#down[i]!)
      }
    }
    this.#last.set(this.#now)
    this.#lastTime = time
  }

  #note(feature: number, time: number, amplitude: number): void {
    this.passages[feature]!.time.push(time)
    this.passages[feature]!.amplitude.push(amplitude)
  }

  /** level ↦ the time between the last look and now at which the amplitude had it. */
  #dating(i: number, time: number, now: number, inside?: Inside): (level: number) => number {
    const start = this.#lastTime
    const span = time - start
    const from = ln(this.#last[i]!)
    const rise = ln(now) - from
    // From or to an amplitude of zero there is no line to follow; the look that saw it dates it.
    if (!Number.isFinite(rise) || rise === 0) return () => time
    if (!inside) return (level) => start + span * ((ln(level) - from) / rise)
    return (level) => start + span * crossing((x) => ln(inside(x)[i]!), ln(level), from, from + rise)
  }
}

/** Amplitudes [d] at a part of the way between two looks. */
export type Inside = (x: number) => Float64Array

/** ln, the same bits everywhere; −Infinity for what is too small to be dated. */
function ln(amplitude: number): number {
  return amplitude < 2 ** -1022 ? Number.NEGATIVE_INFINITY : logarithm(amplitude)
}

const NEAR = 2e-14 // in ln(amplitude): rounding
/** The x in [0, 1] at which f, known at both ends, has the value y: regula falsi (Illinois), halving if that is slow. */
function crossing(f: (x: number) => number, y: number, first: number, last: number): number {
  let [left, right, below, above] = [0, 1, first - y, last - y]
  let side = 0
  for (let round = 0; round < 100; round++) {
    if (Math.abs(above) <= NEAR) return right
    let x = round < 30 ? (left * above - right * below) / (above - below) : (left + right) / 2
    if (!(x > left && x < right)) x = (left + right) / 2
    const gap = f(x) - y
    if (Math.abs(gap) <= NEAR || x === left || x === right || !Number.isFinite(gap)) return x
    if (gap < 0 === below < 0) {
      ;[left, below] = [x, gap]
      if (side < 0) above /= 2
      side = -1
    } else {
      ;[right, above] = [x, gap]
      if (side > 0) below /= 2
      side = 1
    }
  }
  return right
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
