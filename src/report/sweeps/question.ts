import type { JobState } from '../../experiment/states.ts'
import type { SweepRun } from '../../experiment/sweep-view.ts'
import { learningOrder } from '../../theory/order.ts'

/**
 * The questions of a boundary search, and what the measurements of a run answer.
 *
 *   first-feature-is:I  feature I has the smallest critical time of all; equal times by index, as in `order`. No answer
 *                       where no feature was learned.
 *   greedy              the greedy index (docs/theory.md §4) is ½ or more: on the mean of consecutive pairs the later feature is
 *                       not yet half-way to its fixed point when the earlier one is at 0.9 of its own. Balanced starts of
 *                       ε = 0.01 have .86 to .98, those of ε = 0.4 some .35 (§7). No answer where fewer than two are learned.
 *   collapses:I         the last amplitude of feature I is under half of its fixed point w̄*. §7: an unbalanced JEPA start
 *                       ends anywhere on a line of fixed points, at 0 where it collapses; MAE and balanced starts end at w̄*. A run
 *                       that ends before its feature is learned looks the same, so runs must be longer than the critical time.
 *                       No answer where λ ≤ 0, for then w̄* is 0.
 *   orders-differ       some two features are learned in one order by JEPA and in the other by MAE. A feature that was
 *                       learned comes before one that never was; equal times are in no order. No answer where none are in
 *                       opposite order but one objective ordered two features of which the other learned neither.
 *
 * A run that failed, was cancelled or diverged answers nothing. Feature I is the one at index I of the result: where features are
 * sorted by ρ (covariances, images) it may be another direction further along an axis.
 */
export type Question =
  | { readonly kind: 'first-feature-is' | 'collapses'; readonly feature: number }
  | { readonly kind: 'greedy' | 'orders-differ' }

/** What an answer is made of, measured or foretold; null is never, or no number. */
export interface Seen {
  readonly criticalTimes: readonly (number | null)[] // [features]
  readonly final: readonly (number | null)[] // amplitudes at the end of the run, [features]
  readonly fixedPoints: readonly (number | null)[] // [features]
  readonly greedyIndex: number | null
}

/** The margin is above 0 where the answer is yes, below where it is no, and continuous in what the runs measured; null where it has no finite value. */
export interface Answer {
  readonly yes: boolean
  readonly margin: number | null
}

const GREEDY_INDEX = 0.5
const COLLAPSED = 0.5 // of the fixed point

export function parseQuestion(text: string): Question {
  const [kind, feature] = text.split(':')
  if (kind === 'greedy' || kind === 'orders-differ') return { kind }
  if ((kind === 'first-feature-is' || kind === 'collapses') && feature !== undefined) {
    return { kind, feature: Number(feature) }
  }
  throw new Error(`${text} is no question of a boundary search.`)
}

/** The objectives of the runs that an answer takes; null where it takes the one run as it is. */
export function objectivesOf({ kind }: Question): readonly ('jepa' | 'mae' | null)[] {
  return kind === 'orders-differ' ? ['jepa', 'mae'] : [null]
}

const ANSWERING: ReadonlySet<JobState> = new Set(['succeeded', 'stopped'])

/** What a run measured; null where it can answer nothing. */
export function seenIn({ state, criticalTimes, amplitudes, greedyIndex }: SweepRun): Seen | null {
  if (!ANSWERING.has(state) || criticalTimes === null || amplitudes === null) return null
  return {
    criticalTimes: criticalTimes.measured,
    final: amplitudes.final,
    fixedPoints: amplitudes.fixedPoint,
    greedyIndex: greedyIndex?.measured ?? null,
  }
}

/** @param seen one run, or for orders-differ JEPA's and MAE's */
export function ask(question: Question, seen: readonly Seen[]): Answer | null {
  const [first, second] = seen
  if (first === undefined) return null
  switch (question.kind) {
    case 'first-feature-is':
      return comesFirst(first, question.feature)
    case 'greedy':
      return isGreedy(first)
    case 'collapses':
      return collapses(first, question.feature)
    case 'orders-differ':
      return second === undefined ? null : ordersDiffer(first, second)
  }
}

/**
 * What runs answer by their measurements: true, false or null.
 *
 * @param runs one run, or for orders-differ JEPA's and MAE's in this order
 */
export function answerOf(question: string, runs: readonly SweepRun[]): boolean | null {
  const seen = runs.map(seenIn).filter((each) => each !== null)
  if (seen.length < runs.length) return null
  return ask(parseQuestion(question), seen)?.yes ?? null
}

function comesFirst(seen: Seen, feature: number): Answer | null {
  const times = seen.criticalTimes.map((time) => time ?? Infinity)
  const first = learningOrder(times)[0]
  if (first === undefined || times[first] === Infinity || feature >= times.length) return null
  const others = Math.min(...times.filter((_, i) => i !== feature))
  return { yes: first === feature, margin: finite(Math.log(others / times[feature]!)) }
}

function isGreedy({ criticalTimes, greedyIndex }: Seen): Answer | null {
  const learned = criticalTimes.filter((time) => time !== null)
  if (learned.length < 2 || greedyIndex === null) return null
  return { yes: greedyIndex >= GREEDY_INDEX, margin: greedyIndex - GREEDY_INDEX }
}

function collapses({ final, fixedPoints }: Seen, feature: number): Answer | null {
  const [last, fixedPoint] = [final[feature], fixedPoints[feature]]
  if (last == null || fixedPoint == null || fixedPoint === 0) return null
  const share = last / fixedPoint
  return { yes: share < COLLAPSED, margin: COLLAPSED - share }
}

/** The margin is −min over pairs of the product of the two log ratios of times. */
function ordersDiffer(jepa: Seen, mae: Seen): Answer | null {
  let smallest = Infinity
  let isUndecided = false
  for (let i = 0; i < jepa.criticalTimes.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [lead(jepa, i, j), lead(mae, i, j)]
      if (a === null || b === null) isUndecided ||= a !== b
      else if (a !== 0 && b !== 0) smallest = Math.min(smallest, a * b)
    }
  }
  if (smallest >= 0 && isUndecided) return null
  return { yes: smallest < 0, margin: finite(-smallest) }
}

/** ln(t_j/t_i): above 0 where feature i comes before feature j, 0 where they come together, null where neither comes. */
function lead({ criticalTimes }: Seen, i: number, j: number): number | null {
  const [a, b] = [criticalTimes[i] ?? Infinity, criticalTimes[j] ?? Infinity]
  if (a === b) return a === Infinity ? null : 0
  return Math.log(b / a)
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
