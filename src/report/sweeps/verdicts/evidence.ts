import { kindOf } from '../../../data/kinds.ts'
import type { Problem } from '../../../data/problem.ts'
import { specAt } from '../../../experiment/axes.ts'
import type { ExperimentSpec } from '../../../experiment/spec.ts'
import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { Boundary, SweepRun, Verdict } from '../../../experiment/sweep-view.ts'

/** What a judge looks at: what was measured, and what was asked of each run. Predictions are for comparison alone. */
export interface Evidence {
  readonly witnesses: readonly Witness[]
  /** Runs without a result, or that diverged. */
  readonly missing: number
  readonly boundary: Boundary | null
}

/** A run that succeeded, and its spec. */
export interface Witness {
  readonly run: SweepRun
  readonly point: SweepRun['point']
  readonly spec: ExperimentSpec
}

/** What a judge says. */
export type Finding = Pick<Verdict, 'holds' | 'because' | 'figures'>
export type Judge = (evidence: Evidence) => Finding

export function gatherEvidence(
  spec: SweepSpec,
  runs: readonly SweepRun[],
  boundary: Boundary | null,
): Evidence {
  const witnesses = runs
    .filter(({ state, order }) => state === 'succeeded' && order !== null)
    .map((run) => ({ run, point: run.point, spec: specAt(spec.base, run.point) as ExperimentSpec }))
  return { witnesses, missing: runs.length - witnesses.length, boundary }
}

/** λ and ρ of the features in the order in which results list them; null where the spec does not tell them. */
export interface FeatureNumbers {
  readonly lambda: readonly number[]
  readonly rho: readonly number[]
}

export function featureNumbers(witness: Witness): FeatureNumbers | null {
  const { data } = witness.spec
  return data.kind === 'gaussian' ? data : (problemOf(witness)?.spectrum ?? null)
}

const known = new WeakMap<ExperimentSpec['data'], Problem>()

/** The population behind a run, worked out once for runs that share their data; null for images, which lie in a file. */
export function problemOf({ spec: { data } }: Witness): Problem | null {
  if (data.kind === 'images') return null
  const problem = known.get(data) ?? kindOf(data).open(data)
  known.set(data, problem)
  return problem
}

/** Features by falling value; null where two are equal, for then there is no such order. */
export function byFalling(values: readonly number[]): number[] | null {
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!)
  const hasTie = order.some((i, place) => place > 0 && values[i] === values[order[place - 1]!])
  return hasTie ? null : order
}

/** Whether all values are one, up to rounding. */
export function areEqual(values: readonly number[]): boolean {
  return values.every((value) => Math.abs(value - values[0]!) <= 1e-9 * Math.abs(values[0]!))
}

export function timesOf({ run }: Witness): readonly (number | null)[] {
  return run.criticalTimes?.measured ?? []
}

/** The order in which a run learned all of its features; null where one was not learned, or was there from the start. */
export function fullOrder(witness: Witness): readonly number[] | null {
  const times = timesOf(witness)
  const grew = times.length > 0 && times.every((time) => time !== null && time > 0)
  return grew ? (witness.run.order?.measured ?? null) : null
}

export function isSameOrder(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((feature, place) => b[place] === feature)
}

/** A run by what sets it apart: `JEPA, depth 3, seed 2`. */
export function nameOf({ point, spec }: Witness): string {
  const others = Object.entries(point).filter(([path]) => path !== 'objective')
  const told = others.map(([path, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return `${path.split('.').slice(-1)[0]} ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`
  })
  return [spec.objective.toUpperCase(), ...told].join(', ')
}

/** Three digits, as a person would write them. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** The smallest and the largest of values; null for none. */
export function rangeOf(values: readonly number[]): { readonly low: number; readonly high: number } | null {
  if (values.length === 0) return null
  let [low, high] = [values[0]!, values[0]!]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return { low, high }
}

/** `0.2`, or `0.1 to 0.3`, however many values there are. */
export function ranged(values: readonly number[]): string {
  const range = rangeOf(values)
  if (range === null) return 'unknown'
  const [low, high] = [figure(range.low), figure(range.high)]
  return low === high ? low : `${low} to ${high}`
}
