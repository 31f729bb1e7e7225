import type { Mean } from '../../../experiment/sweep-view.ts'
import { INK } from '../../colours.ts'
import type { Facet } from './facets.ts'
import type { FeatureSign } from './features.ts'
import type { Layer, Place, PlotAxis, PlotPanel, Seen } from './plot.ts'
import { aside, axisAlong, linearAxis } from './plot-axes.ts'
import { apart } from './plot-parts.ts'
import type { Spot } from './spots.ts'
import type { SweepAxis } from './sweep-axes.ts'
import type { TheoryPoint } from './theory-curve.ts'

/** What a panel of critical times draws: the spots along an axis, and theory at them or as a curve through them. */
export interface Track extends Facet<Spot> {
  readonly x: SweepAxis
  readonly theory: readonly TheoryPoint[]
  readonly isCurve: boolean
}

/** How a row of panels turns a time into a height, null for none; `first` is theory's earliest time at the same place, null where there is no theory. */
export interface Row {
  readonly title: string
  readonly value: (time: number, first: number | null) => number | null
  readonly axis: (title: string, values: readonly number[]) => PlotAxis
}

const MANY = 30 // spots beyond which marks are small

export function trackPanel(track: Track, signs: readonly FeatureSign[], row: Row): PlotPanel {
  const layers = [
    ...signs.map((sign, k) => theoryLayer(track, sign, row, aside(track.x, k, signs.length))),
    ...signs.flatMap((sign, k) => seenLayers(track, sign, row, aside(track.x, k, signs.length))),
  ]
  return {
    title: track.title,
    x: axisAlong(track.x, placesOf(track)),
    y: row.axis(row.title, layers.flatMap(heightsOf)),
    layers: track.isCurve ? apart(layers) : layers,
  }
}

/** How greedy learning is over the same axis. */
export function greedyPanel(track: Track): PlotPanel {
  const { title, items, x } = track
  const [series, colour] = ['greedy index', '#3b528b']
  const at = (spot: Spot) => x.placeOf(spot.point)!
  const foretold = items.flatMap((spot): Place[] =>
    spot.predictedGreedy === null ? [] : [[at(spot), spot.predictedGreedy]],
  )
  const points = items.flatMap((spot): Seen[] => {
    const { mean, interval } = spot.greedy
    return mean === null ? [] : [{ at: [at(spot), mean], interval }]
  })
  return {
    title,
    x: axisAlong(x, placesOf(track)),
    y: { title: 'greedy index (1: one at a time)', kind: 'linear', from: -0.04, to: 1.06 },
    layers: [
      { kind: 'theory-line', series, colour, points: foretold },
      { kind: 'seen', series, colour, small: items.length > MANY, points },
    ],
  }
}

/** Where amplitudes end: on the fixed point, as theory says, or away from it. One scale for all panels. */
export function endsPanels(tracks: readonly Track[], signs: readonly FeatureSign[]): PlotPanel[] {
  const drawn = tracks.map((track) =>
    signs.map((sign, k) => endsLayer(track, sign, aside(track.x, k, signs.length))),
  )
  const y = linearAxis('last amplitude / fixed point', drawn.flat().flatMap(heightsOf), [1])
  return tracks.map((track, k): PlotPanel => {
    const x = axisAlong(track.x, placesOf(track))
    const points: Place[] = [
      [x.from, 1],
      [x.to, 1],
    ]
    const seen = track.isCurve ? apart(drawn[k]!) : drawn[k]!
    return {
      title: track.title,
      x,
      y,
      layers: [{ kind: 'theory-line', series: 'theory', colour: INK, points }, ...seen],
    }
  })
}

/** What nets can tell of each feature when training ends. */
export function keptPanel(track: Track, signs: readonly FeatureSign[]): PlotPanel {
  const { title, x } = track
  const layers = signs.map((sign, k) => endsLayer(track, sign, aside(x, k, signs.length), 'kept'))
  return {
    title,
    x: axisAlong(x, placesOf(track)),
    y: { title: 'R² at the end, held out', kind: 'linear', from: -0.04, to: 1.06 },
    layers: apart(layers),
  }
}

function endsLayer(
  { items, x }: Track,
  { index, name, colour }: FeatureSign,
  shift: number,
  of: 'ends' | 'kept' = 'ends',
): Layer {
  const points = items.flatMap((spot): Seen[] => {
    const { mean, interval } = spot[of][index] ?? NOTHING
    return mean === null ? [] : [{ at: [x.placeOf(spot.point)! + shift, mean], interval }]
  })
  return { kind: 'seen', series: name, colour, small: items.length > MANY, points }
}

/** Whether the amplitude of any feature drawn ends off its fixed point by more than a share of it. */
export function endsOff({ items }: Track, signs: readonly FeatureSign[], share: number): boolean {
  return items.some(({ ends }) =>
    signs.some(({ index }) => {
      const mean = ends[index]?.mean
      return mean != null && Math.abs(mean - 1) > share
    }),
  )
}

/** Whether at most places features lie closer than a share of the axis of times, so that their distance alone tells them apart. */
export function isUnresolved({ items }: Track, share: number): boolean {
  const ratioOf = (times: readonly (number | null)[]) => {
    const positive = positiveOf(times)
    return positive.length === 0 ? 0 : Math.log(Math.max(...positive) / Math.min(...positive))
  }
  const ratios = items.map(({ predicted }) => ratioOf(predicted)).sort((a, b) => a - b)
  const median = ratios[Math.floor(ratios.length / 2)] ?? 0
  return (ratios.at(-1) ?? 0) > 0 && median < share * ratioOf(items.flatMap(({ predicted }) => predicted))
}

function placesOf({ items, x }: Track): number[] {
  return [...new Set(items.map(({ point }) => x.placeOf(point)!))]
}

function theoryLayer(
  { theory, isCurve, items }: Track,
  { index, name, colour }: FeatureSign,
  row: Row,
  shift: number,
): Layer {
  const points = theory.flatMap(({ at, times }): Place[] => {
    const [time, first] = [times[index], earliest(times)]
    const height = time == null || !(time > 0) ? null : row.value(time, first)
    return height === null ? [] : [[at + shift, height]]
  })
  return isCurve
    ? { kind: 'theory-line', series: name, colour, points }
    : { kind: 'theory-marks', series: name, small: items.length > MANY, points }
}

function seenLayers(
  { items, x }: Track,
  { index, name, colour }: FeatureSign,
  row: Row,
  shift: number,
): Layer[] {
  const seen: Seen[] = []
  const unlearned: number[] = []
  for (const spot of items) {
    const at = x.placeOf(spot.point)! + shift
    const first = earliest(spot.predicted)
    const { mean, interval } = spot.times[index] ?? NOTHING
    if (mean === null && (spot.predicted[index] != null || first === null)) unlearned.push(at)
    const height = mean === null || !(mean > 0) ? null : row.value(mean, first)
    if (height === null) continue
    const ends = interval?.map((end) => row.value(end, first)) as [number, number] | undefined
    seen.push({ at: [at, height], interval: ends ?? null })
  }
  return [
    { kind: 'seen', series: name, colour, small: items.length > MANY, points: seen },
    { kind: 'unlearned', series: name, colour, points: unlearned },
  ]
}

const NOTHING: Mean = { n: 0, mean: null, interval: null }

function earliest(times: readonly (number | null)[]): number | null {
  const positive = positiveOf(times)
  return positive.length === 0 ? null : Math.min(...positive)
}

function positiveOf(times: readonly (number | null)[]): number[] {
  return times.filter((time): time is number => time !== null && time > 0)
}

/** Heights that the axis must hold: means and theory, and intervals up to a factor of three beyond. */
function heightsOf(layer: Layer): number[] {
  if (layer.kind === 'seen') {
    return layer.points.flatMap(({ at: [, y], interval }) =>
      interval == null ? [y] : [y, Math.max(interval[0], y / 3), Math.min(interval[1], 3 * y)],
    )
  }
  return layer.kind === 'theory-line' || layer.kind === 'theory-marks' ? layer.points.map(([, y]) => y) : []
}
