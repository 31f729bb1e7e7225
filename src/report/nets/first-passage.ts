/**
 * A series that was measured at a few moments and need not rise all the way, such as the R² of a latent. Between two moments it is
 * taken as straight over ln t (over t from the start, where t = 0); a moment at which it was not measured, null or NaN, is passed over.
 */
export interface Series {
  readonly time: readonly number[] // [points], rising
  readonly values: readonly (number | null)[] // [points]
}

/** When the series first had a level: 0 where it starts there or above, null where it never did. */
export function timeOfPassing({ time, values }: Series, level: number): number | null {
  let last = -1
  for (const [k, value] of values.entries()) {
    if (!isMeasured(value)) continue
    if (value >= level) {
      if (last < 0) return 0
      const share = (level - values[last]!) / (value - values[last]!)
      return between(time[last]!, time[k]!, share)
    }
    last = k
  }
  return null
}

/** The value at a time; null before the first and after the last that was measured. */
export function valueAt({ time, values }: Series, at: number): number | null {
  let last = -1
  for (const [k, value] of values.entries()) {
    if (!isMeasured(value)) continue
    if (time[k]! === at) return value
    if (time[k]! > at) {
      if (last < 0) return null
      const share = shareOf(time[last]!, time[k]!, at)
      return values[last]! + share * (value - values[last]!)
    }
    last = k
  }
  return null
}

export function isMeasured(value: number | null | undefined): value is number {
  return value != null && Number.isFinite(value)
}

function between(from: number, to: number, share: number): number {
  return from === 0 ? share * to : from * (to / from) ** share
}

function shareOf(from: number, to: number, at: number): number {
  return from === 0 ? at / to : Math.log(at / from) / Math.log(to / from)
}
