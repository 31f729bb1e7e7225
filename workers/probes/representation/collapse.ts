const LEAST_SPREAD = 0.1
const LEAST_RANK = 1.5
const LEAST_VARIANCE = 1e-8 // of what it was at the start

/** A representation that tells samples apart no more. */
export interface Collapse {
  /** What was seen, as a sentence. */
  readonly message: string
}

/** What is looked at: the values of the probes spread, rank and variance. */
export interface Shape {
  readonly spread: number
  readonly rank: number
  /** The largest variance of a coordinate. */
  readonly variance: number
}

/**
 * Whether a representation has collapsed: to a point, where all samples point the same way (spread below 0.1 and rank below
 * 1.5), or to nothing, where its largest variance fell below 10⁻⁸ of what it was at the start. A rank near 1 alone is none: while
 * features are learned one after the other the first outweighs the rest.
 */
export function collapseOf(now: Shape, start: Shape): Collapse | null {
  if (now.variance <= LEAST_VARIANCE * start.variance) {
    return { message: `The variance of the representation fell from ${start.variance} to ${now.variance}.` }
  }
  if (now.spread >= LEAST_SPREAD || now.rank >= LEAST_RANK) return null
  const seen = `a spread of ${now.spread.toPrecision(3)} and a rank of ${now.rank.toPrecision(3)}`
  return { message: `All samples have come to nearly the same representation: ${seen}.` }
}
