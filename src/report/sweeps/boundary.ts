import type { FieldFault } from '../../experiment/failure.ts'
import type { SweepSpec } from '../../experiment/sweep.ts'
import type { Boundary, Point, SweepRun } from '../../experiment/sweep-view.ts'
import { cornerFaults, questionFaults } from './boundary-faults.ts'
import {
  type Line,
  linesOf,
  middleOf,
  type Place,
  placeAt,
  pointsAt,
  type Search,
  searchOf,
} from './boundary-lines.ts'
import { type Asked, halvings, nextShare } from './boundary-step.ts'
import { oracleOf, predictedPlace } from './boundary-theory.ts'
import { objectivesOf } from './question.ts'

/**
 * The curve in two axes along which the answer to a question flips, found by measurement alone: theory is only drawn beside it.
 *
 * At each value of the first axis a line runs along the second. Its two ends are run first; where they answer differently the
 * place between them is narrowed, all lines in one batch, until two runs that answer differently are within the tolerance. A
 * line of N places on a grid takes at most 3 + ⌈log₂ N⌉ runs (boundary-step.ts).
 *
 * 1. What to run next follows from the spec and the runs alone, so that a search goes on after any crash where it was.
 * 2. A line whose ends answer alike is done, and one on which a run that is needed has no answer ends with what is known by then.
 * 3. An answer that flips twice between the ends is not seen where they agree, and is seen once, at any of its places, where
 *    they do not. A grid sees that, or a line through the ends of which one lies between.
 */

/**
 * The points to run next, none of which is among the runs; empty where the search is done, or waits for runs that have not ended.
 *
 * @param runs all so far, in any order
 */
export function nextPoints(spec: SweepSpec, runs: readonly SweepRun[]): Point[] {
  const search = searchOf(spec)
  return linesOf(search, runs).flatMap((line) => nextOn(search, line))
}

function nextOn(search: Search, { x, places }: Line): readonly Point[] {
  const missing = places.flatMap((place) => place.missing)
  if (missing.length > 0) return missing
  if (places.some((place) => place.isPending)) return []
  const bracket = bracketOf(places)
  if (bracket === null || bracket.isBlocked || isNarrow(search, bracket)) return []
  const others = places.flatMap((place) => asked(place) ?? [])
  const share = nextShare([bracket.low, bracket.high], others, places.length - 2, search.tolerance)
  const y = placeAt(search, share)
  if (!(y > bracket.low.y && y < bracket.high.y)) return [] // no number lies between
  return pointsAt(search, x, y)
}

/** Two places next to each other, among those with an answer, that answer differently. */
interface Bracket {
  readonly low: Asked & { readonly y: number }
  readonly high: Asked & { readonly y: number }
  /** A run between them ended without an answer. */
  readonly isBlocked: boolean
}

/** The lowest bracket; null where the ends do not answer differently. */
function bracketOf(places: readonly Place[]): Bracket | null {
  const [first, last] = [places[0]?.answer, places.at(-1)?.answer]
  if (first == null || last == null || first.yes === last.yes) return null
  const known = places.flatMap((place) => asked(place) ?? [])
  const k = known.findIndex(({ yes }, i) => i > 0 && yes !== known[i - 1]!.yes)
  const [low, high] = [known[k - 1]!, known[k]!]
  const isBlocked = places.some(({ y, answer }) => answer === null && y > low.y && y < high.y)
  return { low, high, isBlocked }
}

function asked({ y, share, answer }: Place): Bracket['low'] | null {
  return answer === null ? null : { y, share, ...answer }
}

const ROUNDING = 1e-9

function isNarrow({ tolerance }: Search, { low, high }: Bracket): boolean {
  return high.share - low.share <= tolerance * (1 + ROUNDING)
}

/** What the runs have shown, and theory's places beside them where it has any. */
export function boundaryOf(spec: SweepSpec, runs: readonly SweepRun[]): Boundary {
  const search = searchOf(spec)
  const oracle = oracleOf(search)
  const lines = linesOf(search, runs)
  const perPlace = objectivesOf(search.question).length
  const gridLine = Math.ceil(1 / search.tolerance - ROUNDING) + 1
  return {
    question: search.text,
    x: search.x.path,
    y: search.y.path,
    lines: lines.map(({ x, places }) => {
      const bracket = bracketOf(places)
      const y = bracket && middleOf(search, bracket.low.y, bracket.high.y)
      return {
        x,
        y,
        interval: bracket && [bracket.low.y, bracket.high.y],
        below: places[0].answer?.yes ?? null,
        above: places.at(-1)?.answer?.yes ?? null,
        predicted: predictedPlace(search, oracle, x, y),
      }
    }),
    runs: lines.reduce((sum, line) => sum + line.runs, 0),
    gridRuns: lines.length * perPlace * gridLine,
  }
}

/** The most runs that the search can come to, all lines together. */
export function mostRuns(spec: SweepSpec): number {
  const { x, question, tolerance } = searchOf(spec)
  return x.values.length * objectivesOf(question).length * (3 + halvings(tolerance))
}

/**
 * Why the search cannot find anything, as far as can be said before a run is queued: a question that the specs do not fit, or ends of
 * lines at which theory, where it applies to all of them, gives the same answers. Expects axes in order (`checkAxes`); empty where this
 * is no boundary search.
 */
export function cornersAgree(spec: SweepSpec): FieldFault[] {
  if (spec.search !== 'boundary') return []
  const search = searchOf(spec)
  const faults = questionFaults(search)
  return faults.length > 0 ? faults : cornerFaults(search)
}
