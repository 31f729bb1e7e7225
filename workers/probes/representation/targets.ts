import { type Centred, centred } from './moments.ts'
import { widthOf } from './sample.ts'

/** What linear maps are fitted to, about its means. */
export interface Targets extends Centred {
  readonly variances: Float64Array // [columns]
}

/**
 * A function of what is known of held-out samples, worked out once: every look at every run on the same data comes back to the same
 * arrays, which nobody changes.
 */
export function once<Known extends object, Found>(make: (known: Known, rows: number) => Found) {
  const found = new WeakMap<Known, { readonly rows: number; readonly of: Found }>()
  return (known: Known, rows: number): Found => {
    const before = found.get(known)
    if (before?.rows === rows) return before.of
    const made = make(known, rows)
    found.set(known, { rows, of: made })
    return made
  }
}

/** Row-major values [rows][columns] as targets. */
export const targetsOf = once((values: ArrayLike<number>, rows: number): Targets => {
  const found = centred(values, rows, widthOf(values, rows))
  const { cols, data } = found.about
  const variances = new Float64Array(cols)
  for (let r = 0, at = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++, at++) variances[c] = variances[c]! + data[at]! ** 2 / rows
  }
  return { ...found, variances }
})
