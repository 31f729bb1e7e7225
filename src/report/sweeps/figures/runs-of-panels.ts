import type { SweepSpec } from '../../../experiment/sweep.ts'
import type { SweepRun } from '../../../experiment/sweep-view.ts'
import { isScattered } from './facets.ts'
import { objectiveOf, type Spot, spotsOf } from './spots.ts'
import { type SweepAxis, sweepAxes } from './sweep-axes.ts'
import type { FinishedSweepRun } from './sweep-drawing.ts'
import { thinned } from './thin.ts'

/** One place on the axes: its run, or JEPA's and MAE's. */
interface Setting {
  readonly places: readonly number[] // [axes]
  readonly runs: FinishedSweepRun[]
}

const MOST_PANELS = 12

/**
 * The runs that small panels show: the first seed at values spread over the axes, with both ends, JEPA before MAE. On a grid the longest
 * axis is thinned first, so that what is left is a grid again.
 */
export function runsOfPanels(spec: SweepSpec, runs: readonly SweepRun[]): FinishedSweepRun[] {
  const axes = sweepAxes(spec, runs)
  const settings = settingsOf(spotsOf(spec, runs), axes)
  const each = settings.reduce((most, setting) => Math.max(most, setting.runs.length), 1)
  const most = Math.max(1, Math.floor(MOST_PANELS / each))
  const kept = isScattered(spec) ? settings : onSmallGrid(settings, axes, most)
  return thinned(kept, most).flatMap((setting) =>
    setting.runs.toSorted((a, b) => rank(spec, a) - rank(spec, b)),
  )
}

function settingsOf(spots: readonly Spot[], axes: readonly SweepAxis[]): Setting[] {
  const settings = new Map<string, Setting>()
  for (const spot of spots) {
    const places = axes.map((axis) => axis.placeOf(spot.point) ?? -1)
    const key = places.join(' ')
    const setting = settings.get(key) ?? { places, runs: [] }
    setting.runs.push(spot.runs[0]!)
    settings.set(key, setting)
  }
  return [...settings.values()].sort((a, b) => compare(a.places, b.places))
}

function onSmallGrid(settings: readonly Setting[], axes: readonly SweepAxis[], most: number): Setting[] {
  const counts = axes.map(({ places }) => places.length)
  while (counts.reduce((product, count) => product * count, 1) > most) {
    const longest = counts.indexOf(Math.max(...counts))
    counts[longest]! -= 1
  }
  const kept = axes.map(({ places }, k) => new Set(thinned(places, counts[k]!)))
  return settings.filter(({ places }) => places.every((place, k) => kept[k]!.has(place)))
}

const rank = (spec: SweepSpec, run: SweepRun) => (objectiveOf(spec, run) === 'mae' ? 1 : 0)

function compare(a: readonly number[], b: readonly number[]): number {
  const k = a.findIndex((value, i) => value !== b[i])
  return k < 0 ? 0 : a[k]! - b[k]!
}
