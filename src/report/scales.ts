import { linearTicks, logTicks } from './ticks.ts'

/** From a value to a place on the page, and where to mark the axis. */
export interface Scale {
  readonly kind: 'linear' | 'log'
  readonly from: number
  readonly to: number
  /** Place of a value; values outside [from, to] land outside the range, 0 on a log scale far outside. */
  place(value: number): number
  ticks(count: number): number[]
}

export function linearScale(from: number, to: number, start: number, end: number): Scale {
  return {
    kind: 'linear',
    from,
    to,
    place: (value) => start + ((value - from) / (to - from)) * (end - start),
    ticks: (count) => linearTicks(from, to, count),
  }
}

/** @param from above 0 */
export function logScale(from: number, to: number, start: number, end: number): Scale {
  const width = Math.log(to / from)
  return {
    kind: 'log',
    from,
    to,
    place: (value) => start + (Math.log(Math.max(value, from * 1e-9) / from) / width) * (end - start),
    ticks: (count) => logTicks(from, to, count),
  }
}
