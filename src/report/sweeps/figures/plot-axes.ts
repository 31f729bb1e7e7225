import type { PlotAxis } from './plot.ts'
import type { SweepAxis } from './sweep-axes.ts'

/** Axes of plots from what is to lie on them. */

const MOST_TICKS = 8 // values that an axis names one by one
const MARGIN = 0.06 // of the span, at either end

/** An axis of the sweep, with its own values as ticks where they are few. */
export function axisAlong(axis: SweepAxis, wanted: readonly number[] = axis.places): PlotAxis {
  const places = wanted.length > 0 ? wanted : axis.places
  if (places.length === 0) return { title: axis.title, kind: 'linear', from: 0, to: 1, ticks: [] }
  const [least, most] = [Math.min(...places), Math.max(...places)]
  const known = new Map(axis.places.map((place, k) => [place, axis.labels[k]!]))
  const ticks = places.map((at) => ({ at, label: known.get(at)! }))
  if (axis.kind === 'names') {
    return { title: axis.title, kind: 'linear', from: least - 0.5, to: most + 0.5, ticks }
  }
  const ends = axis.kind === 'log' ? logEnds(least, most) : linearEnds(least, most)
  const title = axis.kind === 'log' ? `${axis.title}, log axis` : axis.title
  return { title, kind: axis.kind, ...ends, ...(places.length <= MOST_TICKS ? { ticks } : {}) }
}

/** An axis of times over all that is above 0. */
export function logAxis(title: string, values: readonly number[]): PlotAxis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value))
  if (positive.length === 0) return { title, kind: 'log', from: 0.1, to: 10 }
  return { title, kind: 'log', ...logEnds(least(positive), greatest(positive)) }
}

/** @param within values that the axis holds whatever is drawn, as 0 for differences */
export function linearAxis(
  title: string,
  values: readonly number[],
  within: readonly number[] = [],
): PlotAxis {
  const all = [...values, ...within].filter(Number.isFinite)
  if (all.length === 0) return { title, kind: 'linear', from: 0, to: 1 }
  return { title, kind: 'linear', ...linearEnds(least(all), greatest(all)) }
}

/** Places in the order of learning, the first at the top. */
export function rankAxis(count: number): PlotAxis {
  const stride = Math.ceil(count / 10)
  const ticks = Array.from({ length: count }, (_, k) => k + 1)
    .filter((rank) => (rank - 1) % stride === 0)
    .map((rank) => ({ at: rank, label: String(rank) }))
  return { title: 'place in the order of learning', kind: 'linear', from: count + 0.6, to: 0.4, ticks }
}

/** How far aside the k-th of n series stands where all would share the place of a name. */
export function aside({ kind }: Pick<SweepAxis, 'kind'>, k: number, n: number): number {
  return kind === 'names' ? (k - (n - 1) / 2) * Math.min(0.14, 0.7 / n) : 0
}

/** Where cells meet: half-way between places, in ratio on a log axis; the outer ones reach as far out as in. */
export function edgesOf({ kind }: Pick<SweepAxis, 'kind'>, places: readonly number[]): number[] {
  const [to, back] = kind === 'log' ? [Math.log, Math.exp] : [(v: number) => v, (v: number) => v]
  const at = places.map(to)
  const [first, last] = [at[0]!, at.at(-1)!]
  const half = at.length === 1 ? 0.5 : null
  const inner = at.slice(1).map((place, k) => (at[k]! + place) / 2)
  const outer = [first - (half ?? inner[0]! - first), last + (half ?? last - inner.at(-1)!)]
  return [outer[0]!, ...inner, outer[1]!].map(back)
}

function logEnds(least: number, most: number) {
  const margin = Math.max((most / least) ** MARGIN, 1.02)
  return { from: least / margin, to: most * margin }
}

function linearEnds(least: number, most: number) {
  const margin = most > least ? MARGIN * (most - least) : Math.max(Math.abs(most) * 0.1, 1e-3)
  return { from: least - margin, to: most + margin }
}

/** Math.min and Math.max take no list of any length. */
function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
}
