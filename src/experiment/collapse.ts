import type { Measurements } from './measurement.ts'

const LEAST_SPREAD = 0.1
const LEAST_RANK = 1.5
const LEAST_VARIANCE = 1e-8 // of what it was at the start

/** The probes by which collapse is told. */
const COLLAPSE_PROBES = ['spread', 'rank', 'variance'] as const

/** The values of those probes at one moment. */
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
 *
 * @returns what was seen, as a sentence, or null
 */
export function collapseOf(now: Shape, start: Shape): string | null {
  if (now.variance <= LEAST_VARIANCE * start.variance) {
    return `The variance of the representation fell from ${start.variance.toPrecision(3)} to ${now.variance.toPrecision(3)}.`
  }
  if (now.spread >= LEAST_SPREAD || now.rank >= LEAST_RANK) return null
  const seen = `a spread of ${now.spread.toPrecision(3)} and a rank of ${now.rank.toPrecision(3)}`
  return `All samples have come to nearly the same representation: ${seen}.`
}

/** The shape in what the probes gave at one moment; null where one of them was not taken or is no number. */
function shapeOf(probed: Readonly<Record<string, readonly (number | null)[]>>): Shape | null {
  const [spread, rank, variance] = [probed.spread?.[0], probed.rank?.[0], probed.variance?.[2]]
  const isKnown = [spread, rank, variance].every(
    (value) => typeof value === 'number' && Number.isFinite(value),
  )
  return isKnown ? { spread: spread!, rank: rank!, variance: variance! } : null
}

/** When a representation first told samples apart no more, and what was seen then. */
export interface Collapse {
  readonly step: number
  readonly time: number
  readonly message: string
}

/** The first row at which the probes tell of a collapse; null where they never do or were not taken. */
export function firstCollapse({ time, step, probes = {} }: Measurements): Collapse | null {
  const shapeAt = (row: number) =>
    shapeOf(
      Object.fromEntries(
        COLLAPSE_PROBES.map((name) => [name, (probes[name]?.values ?? []).map((series) => series[row]!)]),
      ),
    )
  const start = shapeAt(0)
  if (start === null) return null
  for (const row of time.keys()) {
    const now = shapeAt(row)
    const message = now && collapseOf(now, start)
    if (message) return { step: step[row]!, time: time[row]!, message }
  }
  return null
}
